from __future__ import annotations

from scripts.grafana.boards import HERE

DAY = 86_400


def latest(metric: str) -> str:
    return f"max({metric}{{{HERE}}})"


def rate_by(metric: str, by: str) -> str:
    return f"sum by ({by}) (rate({metric}{{{HERE}}}[$__rate_interval]))"


def in_an_hour(metric: str, by: str) -> str:
    return f"sum by ({by}) (increase({metric}{{{HERE}}}[1h]))"
