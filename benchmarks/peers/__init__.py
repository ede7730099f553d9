"""Benchmarks of similar libraries."""
# All except Faust run in a Python environment with other package versions.
