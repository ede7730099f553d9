"""The demonstration: the main job on the samples, with a real mail server and time that need not be waited for."""
