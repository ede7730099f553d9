"""Counts figures from what the audit says. Pure: whoever counts the same rows again gets the same figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from services.audit.figures import LATE_DAYS, Figure
from services.core.audit import AuditWord
from services.core.clock import london_day


class Dimension(StrEnum):
    """The tables a figure is counted in."""

    TOTAL = "total"
    COUNCIL = "council"
    PROVIDER = "provider"
    KIND = "kind"
    COUNCIL_DAYS = "council_days"
    """Of waits: a council and a number of days."""
    PROVIDER_DAYS = "provider_days"


Count = tuple[str, str, str]
"""A figure, a dimension, and a key in it: a council's GSS code, a provider's RCPID, a kind; empty for the total."""

Counts = Counter[Count]


@dataclass(frozen=True, slots=True)
class Said:
    """A row of the audit."""

    at: datetime
    word: AuditWord
    feed_id: str | None
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a case stands by what the audit last said of it."""

    state: str
    harm_on: date | None
    council: str
    providers: tuple[str, ...]


def count_month(rows: Iterable[Said], acknowledged: frozenset[tuple[str, str]] = frozenset()) -> Counts:
    """The counts of a month from its rows, in order.

    `acknowledged` are the cases, each with the issue of its notice, for which a named person acted in an earlier month.
    """
    counts: Counts = Counter()
    seen = set(acknowledged)
    for row in rows:
        if row.word in _CASE_WORDS:
            _count_case(counts, row, seen)
        elif (counter := _COUNTERS.get(row.word)) is not None:
            counter(counts, row)
    return counts


def replay(rows: Iterable[Said]) -> dict[str, Standing]:
    """Where every case stands, by its reference, after these rows."""
    cases: dict[str, Standing] = {}
    for row in rows:
        fields = row.fields
        if row.word is AuditWord.CASE_OPENED:
            cases[fields["case"]] = _standing(row, "open")
        elif row.word is AuditWord.CASE_MOVED:
            cases[fields["case"]] = _standing(row, fields["to"])
        elif row.word is AuditWord.CASE_NOTED:
            cases[fields["case"]] = _standing(row, fields["state"])
    return cases


def first_acknowledgement(row: Said) -> tuple[str, str] | None:
    """The case and the issue of its notice, where a row says that a named person has acknowledged it."""
    if row.word not in _CASE_WORDS or row.fields.get("event") != "acknowledge" or not row.fields["issued_at"]:
        return None
    return row.fields["case"], row.fields["issued_at"]


def add(counts: Counts, figure: Figure, council: str | None, providers: Iterable[str], kind: str = "") -> None:
    """Count one in every table of a figure."""
    counts[figure, Dimension.TOTAL, ""] += 1
    if council:
        counts[figure, Dimension.COUNCIL, council] += 1
    for provider in providers:
        counts[figure, Dimension.PROVIDER, provider] += 1
    if kind:
        counts[figure, Dimension.KIND, kind] += 1


def _standing(row: Said, state: str) -> Standing:
    harm_on = row.fields["harm_on"]
    day = date.fromisoformat(harm_on) if harm_on else None
    return Standing(state, day, _code(row), tuple(row.fields["providers"]))


def _count_case(counts: Counts, row: Said, seen: set[tuple[str, str]]) -> None:
    for figure, kind in _figures_of(row):
        add(counts, figure, _code(row), row.fields["providers"], kind)
    if row.fields.get("event") == "confirm_safe":
        _wait(counts, Figure.WAIT_TO_CONFIRMATION, row)
    known = first_acknowledgement(row)
    if known is not None and known not in seen:
        seen.add(known)
        _wait(counts, Figure.WAIT_TO_ACKNOWLEDGEMENT, row)


def _figures_of(row: Said) -> Iterator[tuple[Figure, str]]:
    """The figures that one thing that happened to a case counts for, each with its kind."""
    fields = row.fields
    if row.word is AuditWord.CASE_OPENED:
        yield Figure.CASES_OPENED, ""
    elif fields["event"] == "confirm_safe":
        yield Figure.CONFIRMATIONS, fields["detail"]
    elif row.word is AuditWord.CASE_MOVED:
        yield from ((figure, "") for figure in _MOVES.get((fields["event"], fields["to"]), ()))
    if (found := _ACTS.get(fields.get("event", ""))) is not None:
        yield found


def _wait(counts: Counts, figure: Figure, row: Said) -> None:
    issued = row.fields["issued_at"]
    if not issued:
        return
    days = max(0, (london_day(row.at) - london_day(datetime.fromisoformat(issued))).days)
    add(counts, figure, _code(row), row.fields["providers"], str(days))
    counts[figure, Dimension.COUNCIL_DAYS, f"{_code(row)}/{days}"] += 1
    for provider in row.fields["providers"]:
        counts[figure, Dimension.PROVIDER_DAYS, f"{provider}/{days}"] += 1


def _count_leads(counts: Counts, row: Said) -> None:
    provider = _code(row)
    for lead, number in row.fields["leads"].items():
        for count in (
            (Figure.NOTICE_LEAD, Dimension.TOTAL, ""),
            (Figure.NOTICE_LEAD, Dimension.PROVIDER, provider),
            (Figure.NOTICE_LEAD, Dimension.KIND, _how_early(lead)),
        ):
            counts[count] += number


def _how_early(lead: str) -> str:
    if lead == "none":
        return "without_a_date"
    days = int(lead)
    return "past" if days < 0 else "late" if days < LATE_DAYS else "in_time"


def _count_nobody_told(counts: Counts, row: Said) -> None:
    if row.feed_id is not None:
        add(counts, Figure.NOBODY_TOLD, _code(row), ())


def _count_stock(counts: Counts, row: Said) -> None:
    for dimension, key, number in row.fields["counts"]:
        counts[row.fields["figure"], dimension, key] = number


def _code(row: Said) -> str:
    return (row.feed_id or "").partition(":")[2]


_CASE_WORDS = frozenset({AuditWord.CASE_OPENED, AuditWord.CASE_MOVED, AuditWord.CASE_NOTED})
_MOVES = {
    ("migrate_line", "migrated"): (Figure.POST_CHECKS_DUE,),
    ("migrate_line", "migrated_unconfirmed"): (Figure.POST_CHECKS_DUE, Figure.MIGRATED_UNCONFIRMED),
    ("restrict_line", "line_restricted"): (Figure.RESTRICTED_WHILE_OPEN,),
}
"""What a case that an event took to a state counts for."""
_ACTS = {
    "pass_post_check": (Figure.POST_CHECKS_DONE, ""),
    "request_hold": (Figure.HOLDS, "asked"),
    "confirm_hold": (Figure.HOLDS, "granted"),
    "refuse_hold": (Figure.HOLDS, "refused"),
}
"""What an event counts for, whatever the state."""
_COUNTERS: dict[AuditWord, Callable[[Counts, Said], None]] = {
    AuditWord.NOTICES_TIMED: _count_leads,
    AuditWord.NOBODY_COULD_BE_TOLD: _count_nobody_told,
    AuditWord.STOCK_TAKEN: _count_stock,
}
COUNTED = (*_CASE_WORDS, *_COUNTERS)
"""The words that figures are counted from."""
