"""The demonstration: the main job on the samples, with a real mail server and a clock that can be hurried."""
