"""The demonstration: runs the main job on the sample files, with a real mail server and a simulated clock."""
