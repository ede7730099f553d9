"""How far each noticed line had come when: matched, a case, an alert, a mail; from the database and the mail server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from sqlalchemy import Engine, select

from services.storage.tables import alert_cases, alerts, cases, matches, notices

STAGES = ("to the matcher", "to the case", "to the alert", "to the mail")


@dataclass(frozen=True, slots=True)
class Journey:
    """A line's way, in seconds of the system's clock. What a consumer writes is dated when it began its batch."""

    answered: float
    matched: float
    opened: float
    owed: float
    mailed: float

    @property
    def seconds(self) -> float:
        """From the 202 to the first mail that covers the line."""
        return self.mailed - self.answered

    @property
    def stages(self) -> tuple[float, ...]:
        """Seconds between one mark and the next, as STAGES names them."""
        marks = (self.answered, self.matched, self.opened, self.owed, self.mailed)
        return tuple(after - before for before, after in pairwise(marks))


def journeys(engine: Engine, answered: Mapping[str, float], mails: Mapping[str, float]) -> list[Journey]:
    """The ways of those lines for which a mail has come; by when their submissions were answered, and alerts mailed."""
    query = (
        select(notices.c.submission_id, matches.c.found_at, cases.c.opened_at, alerts.c.created_at, alerts.c.reference)
        .join(matches, matches.c.notice_pk == notices.c.pk)
        .join(cases, cases.c.entry_pk == matches.c.entry_pk)
        .join(alert_cases, alert_cases.c.case_pk == cases.c.pk)
        .join(alerts, alerts.c.pk == alert_cases.c.alert_pk)
    )
    first: dict[str, Journey] = {}
    with engine.connect() as connection:
        for submission, found, opened, owed, alert in connection.execute(query):
            if submission not in answered or alert not in mails:
                continue
            marks = found.timestamp(), opened.timestamp(), owed.timestamp(), mails[alert]
            made = Journey(answered[submission], *marks)
            first[submission] = min(made, first.get(submission, made), key=lambda one: one.mailed)
    return list(first.values())


def middle_stages(made: list[Journey]) -> tuple[float, ...]:
    """The median of each stage."""
    return tuple(median(stage) for stage in zip(*(journey.stages for journey in made), strict=True))
