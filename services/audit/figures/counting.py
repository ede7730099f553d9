"""Counts figures from what the audit says. Pure: whoever counts the same rows again gets the same figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from schemas.codes import ABOUT_SOME_LINES, DONE_BY_PERSON
from services.audit.figures.figures import LATE_DAYS, Figure
from services.core.audit import AuditAction
from services.core.clock import london_day


class Dimension(StrEnum):
    """The tables a figure is counted in."""

    TOTAL = "total"
    COUNCIL = "council"
    PROVIDER = "provider"
    KIND = "kind"
    COUNCIL_KIND = "council_kind"
    """A council and a kind, with a slash between them; of waits, a council and a number of days."""
    PROVIDER_KIND = "provider_kind"


Count = tuple[str, str, str]
"""A figure, a dimension, and a key in it: a council's GSS code, a provider's RCPID, a kind; empty for the total."""

Counts = Counter[Count]

First = tuple[str, str, str]
"""What is counted once for each danger to a line: `acted` or `confirmed`, the case, and the issue of its notice."""


@dataclass(frozen=True, slots=True)
class Said:
    """A row of the audit."""

    at: datetime
    word: AuditAction
    feed_id: str | None
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CaseStanding:
    """Where a case stands by what the audit last said of it."""

    state: str
    harm_on: date | None
    council: str
    providers: tuple[str, ...]


def count_month(rows: Iterable[Said], seen: set[First]) -> Counts:
    """The counts of a month from its rows, in order. `seen` are the firsts of earlier months; its own join them."""
    counts: Counts = Counter()
    for row in rows:
        if row.word in CASE_WORDS:
            _count_case(counts, row, seen)
        elif (counter := _COUNTERS.get(row.word)) is not None:
            counter(counts, row)
    return counts


def replay(rows: Iterable[Said]) -> dict[str, CaseStanding]:
    """Where every case stands, by its reference, after these rows."""
    cases: dict[str, CaseStanding] = {}
    for row in rows:
        fields = row.fields
        if row.word is AuditAction.CASE_OPENED:
            cases[fields["case"]] = _standing(row, "open")
        elif row.word in (AuditAction.CASE_MOVED, AuditAction.CASE_NOTED):
            made = _standing(row, fields["to"] if row.word is AuditAction.CASE_MOVED else fields["state"])
            known = cases.get(fields["case"])
            of_one_line = known is not None and fields["event"] in ABOUT_SOME_LINES
            cases[fields["case"]] = replace(made, providers=known.providers) if known and of_one_line else made
        elif row.word is AuditAction.CASE_LINES_CHANGED and fields["case"] in cases:
            cases[fields["case"]] = replace(_standing(row, ""), state=cases[fields["case"]].state)
    return cases


def firsts_of(row: Said) -> Iterator[First]:
    """What a row may be the first of: a named person's act on a case, a confirmation of it."""
    if row.word not in CASE_WORDS:
        return
    known = row.fields["case"], row.fields.get("issued_at") or ""
    if row.fields.get("event") in DONE_BY_PERSON:
        yield "acted", *known
    if row.fields.get("event") == "confirm_safe":
        yield "confirmed", *known


def add(
    counts: Counts, figure: Figure, council: str | None, providers: Iterable[str], kind: str = "", number: int = 1
) -> None:
    """Count in every table of a figure."""
    counts[figure, Dimension.TOTAL, ""] += number
    if kind:
        counts[figure, Dimension.KIND, kind] += number
    for dimension, crossed, codes in (
        (Dimension.COUNCIL, Dimension.COUNCIL_KIND, [council] if council else []),
        (Dimension.PROVIDER, Dimension.PROVIDER_KIND, providers),
    ):
        for code in codes:
            counts[figure, dimension, code] += number
            if kind:
                counts[figure, crossed, f"{code}/{kind}"] += number


def _standing(row: Said, state: str) -> CaseStanding:
    harm_on = row.fields["harm_on"]
    day = date.fromisoformat(harm_on) if harm_on else None
    return CaseStanding(state, day, _code(row), tuple(row.fields["providers"]))


def _count_case(counts: Counts, row: Said, seen: set[First]) -> None:
    for figure, kind in _figures_of(row):
        add(counts, figure, _code(row), row.fields["providers"], kind)
    for first in firsts_of(row):
        if first not in seen:
            seen.add(first)
            _count_first(counts, first[0], row)


def _figures_of(row: Said) -> Iterator[tuple[Figure, str]]:
    """The figures that one thing that happened to a case counts for, each with its kind."""
    event = row.fields.get("event", "")
    if row.word is AuditAction.CASE_OPENED:
        yield Figure.CASES_OPENED, ""
    elif row.word is AuditAction.CASE_MOVED:
        yield from ((figure, "") for figure in _MOVES.get((event, row.fields["to"]), ()))
    if event in _HOLDS:
        yield Figure.HOLDS, _HOLDS[event]


def _count_first(counts: Counts, what: str, row: Said) -> None:
    if what == "acted":
        _wait(counts, Figure.WAIT_TO_ACKNOWLEDGEMENT, row)
    else:
        add(counts, Figure.CONFIRMATIONS, _code(row), row.fields["providers"], row.fields["detail"])
        _wait(counts, Figure.WAIT_TO_CONFIRMATION, row)


def _wait(counts: Counts, figure: Figure, row: Said) -> None:
    issued = row.fields["issued_at"]
    if issued:
        days = max(0, (london_day(row.at) - london_day(datetime.fromisoformat(issued))).days)
        add(counts, figure, _code(row), row.fields["providers"], str(days))


def _count_leads(counts: Counts, row: Said) -> None:
    for lead, number in row.fields["leads"].items():
        add(counts, Figure.NOTICE_LEAD, None, [_code(row)], _how_early(lead), number)


def _how_early(lead: str) -> str:
    if lead == "none":
        return "without_a_date"
    days = int(lead)
    return "past" if days < 0 else "late" if days < LATE_DAYS else "in_time"


def _count_unreachable(counts: Counts, row: Said) -> None:
    if row.feed_id is not None:
        add(counts, Figure.NOBODY_TOLD, _code(row), ())


def _count_stock(counts: Counts, row: Said) -> None:
    for dimension, key, number in row.fields["counts"]:
        counts[row.fields["figure"], dimension, key] = number


def _code(row: Said) -> str:
    return (row.feed_id or "").partition(":")[2]


CASE_WORDS = (AuditAction.CASE_OPENED, AuditAction.CASE_MOVED, AuditAction.CASE_NOTED, AuditAction.CASE_LINES_CHANGED)
"""What is said of cases."""

_MOVES = {
    ("migrate_line", "migrated"): (Figure.POST_CHECKS_DUE,),
    ("migrate_line", "migrated_unconfirmed"): (Figure.POST_CHECKS_DUE, Figure.MIGRATED_UNCONFIRMED),
    ("restrict_line", "line_restricted"): (Figure.RESTRICTED_WHILE_OPEN,),
    ("pass_post_check", "post_check_passed"): (Figure.POST_CHECKS_DONE,),
}
"""What a case that an event took to a state counts for."""
_HOLDS = {"request_hold": "asked", "confirm_hold": "granted", "refuse_hold": "refused"}
"""What was asked or answered by an event, whatever the state."""
_COUNTERS: dict[AuditAction, Callable[[Counts, Said], None]] = {
    AuditAction.NOTICES_TIMED: _count_leads,
    AuditAction.NOBODY_COULD_BE_TOLD: _count_unreachable,
    AuditAction.STOCK_TAKEN: _count_stock,
}
COUNTED = (*CASE_WORDS, *_COUNTERS)
"""The words that figures are counted from."""
