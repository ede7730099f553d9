"""Finds what was altered by hand: counts the kept figures again from the audit, and holds the cases against it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from services.audit.closing import recount
from services.audit.counting import replay
from services.audit.months import read_month
from services.audit.store import CASE_WORDS, kept, kept_months, said, standings_on_record


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as the audit says."""

    what: str
    """A figure with its month and place, or a case by its reference."""
    on_record: str
    by_the_audit: str


def differences(connection: Connection) -> Iterator[Difference]:
    """Every kept figure and every case that the audit does not bear out."""
    for name in sorted(kept_months(connection)):
        month = read_month(name)
        there, counted = kept(connection, month), recount(connection, month)
        for count in sorted(there.keys() | counted.keys()):
            if there[count] != counted[count]:
                yield Difference(f"{name} {' '.join(count).strip()}", str(there[count]), str(counted[count]))
    on_record = standings_on_record(connection)
    by_the_audit = {reference: standing.state for reference, standing in replay(said(connection, CASE_WORDS)).items()}
    for reference in sorted(on_record.keys() | by_the_audit.keys()):
        there_now, told = on_record.get(reference, "not there"), by_the_audit.get(reference, "not there")
        if there_now != told:
            yield Difference(f"case {reference}", there_now, told)
