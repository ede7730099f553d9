from __future__ import annotations

from datetime import datetime

from tests.simulation.judging.resident import LONDON, Resident


def true_words(resident: Resident, at: datetime) -> tuple[str, str, str]:
    assert resident.harm is not None
    day = resident.harm
    days = (day - at.astimezone(LONDON).date()).days
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}
    distance = near.get(days) or (f"in {days} days" if days > 0 else f"{-days} days ago")
    return f"{day:%a} {day.day} {day:%b %Y}", distance, str(resident.state)
