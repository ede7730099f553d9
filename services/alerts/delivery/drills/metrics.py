from __future__ import annotations

from prometheus_client import Counter

from services.alerts.delivery.drills.rules import AnswerWay

DRILL_ANSWERS = Counter("pullcord_drill_answers_total", "Answers of a named person to a drill, by way.", ("way",))
for way in AnswerWay:
    # A series that appears with its first event shows no rise, so every way begins at 0.
    DRILL_ANSWERS.labels(way.value)
