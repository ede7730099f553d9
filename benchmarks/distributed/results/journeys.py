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
    # All times are in seconds after the answer 202.
    answered: float
    matched: float
    # The case was opened.
    opened: float
    # The alert was written.
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
            # Several mails may be about the same line. The first one counts.
            first[submission] = min(made, first.get(submission, made), key=lambda one: one.mailed)
    return list(first.values())


def middle_stages(made: list[Journey]) -> tuple[float, ...]:
    return tuple(median(stage) for stage in zip(*(journey.stages for journey in made), strict=True))
