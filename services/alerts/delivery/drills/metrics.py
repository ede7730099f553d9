"""The Prometheus counter of answers to drills."""

from __future__ import annotations

from prometheus_client import Counter

DRILL_ANSWERS = Counter("pullcord_drill_answers_total", "Answers of a named person to a drill, by way.", ("way",))
