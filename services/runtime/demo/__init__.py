"""The demonstration: Pullcord's main job with the sample files, a real mail server and a simulated clock."""
