"""When each noticed line was matched, had a case, an alert and a mail; from the database and the mail server."""

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
        return self.mailed - self.answered

    @property
    def stages(self) -> tuple[float, ...]:
        marks = (self.answered, self.matched, self.opened, self.owed, self.mailed)
        return tuple(after - before for before, after in pairwise(marks))


def journeys(engine: Engine, answered: Mapping[str, float], mails: Mapping[str, float]) -> list[Journey]:
    """The journeys of the lines whose mail has arrived.

    `answered` holds the moment of the 202 by submission, `mails` the arrival of the first mail by alert.
    """
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
            # A line may be in several mails: the first one that covers it counts.
            first[submission] = min(made, first.get(submission, made), key=lambda one: one.mailed)
    return list(first.values())


def middle_stages(made: list[Journey]) -> tuple[float, ...]:
    return tuple(median(stage) for stage in zip(*(journey.stages for journey in made), strict=True))
