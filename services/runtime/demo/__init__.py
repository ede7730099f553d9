"""The demonstration: Pullcord's main job with sample files, a real mail server and a simulated clock."""
