"""The peers need other versions of some packages than Pullcord."""
