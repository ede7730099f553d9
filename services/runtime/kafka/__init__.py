"""Every module here needs the extra `distributed` of Pullcord."""
