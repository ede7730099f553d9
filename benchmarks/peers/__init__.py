"""Benchmarks of similar products. They have an environment of their own, because they need other package versions."""
