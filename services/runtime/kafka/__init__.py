"""Needs the package extra `distributed`."""
