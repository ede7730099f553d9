"""All functions are pure, except that some change `counts` or `seen`."""

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
    TOTAL = "total"
    COUNCIL = "council"
    PROVIDER = "provider"
    KIND = "kind"
    # Council and kind with a slash between them. For waits: council and number of days.
    COUNCIL_KIND = "council_kind"
    PROVIDER_KIND = "provider_kind"


# Figure, dimension and key. The key is a GSS code, an RCPID or a kind, and empty for the total.
Count = tuple[str, str, str]

Counts = Counter[Count]

# A first act on a case, which is counted once: `acted` or `confirmed`, the case, and the issue time of its notice.
First = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class RecordedAction:
    # The sealed part of the audit row is left out.
    at: datetime
    action: AuditAction
    feed_id: str | None
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CaseStanding:
    state: str
    harm_on: date | None
    council: str
    providers: tuple[str, ...]


def count_month(rows: Iterable[RecordedAction], seen: set[First]) -> Counts:
    """Count the recorded actions of a month.

    Some acts count only once for each case. `seen` has the first acts of earlier months. The function adds the first
    acts of this month to `seen`.
    """
    counts: Counts = Counter()
    for row in rows:
        if row.action in CASE_ACTIONS:
            _count_case(counts, row, seen)
        elif (counter := _COUNTERS.get(row.action)) is not None:
            counter(counts, row)
    return counts


def replay_cases(rows: Iterable[RecordedAction]) -> dict[str, CaseStanding]:
    cases: dict[str, CaseStanding] = {}
    for row in rows:
        fields = row.fields
        if row.action is AuditAction.CASE_OPENED:
            cases[fields["case"]] = _standing(row, "open")
        elif row.action in (AuditAction.CASE_MOVED, AuditAction.CASE_NOTED):
            # A note does not change the state of its case, and its row repeats the state.
            made = _standing(row, fields["to"] if row.action is AuditAction.CASE_MOVED else fields["state"])
            known = cases.get(fields["case"])
            # Such a row names only the providers of the affected lines, so the known list is kept.
            of_one_line = known is not None and fields["event"] in ABOUT_SOME_LINES
            cases[fields["case"]] = replace(made, providers=known.providers) if known and of_one_line else made
        # The row has no state, so the known state is kept.
        elif row.action is AuditAction.CASE_LINES_CHANGED and fields["case"] in cases:
            cases[fields["case"]] = replace(_standing(row, ""), state=cases[fields["case"]].state)
    return cases


def firsts_of(row: RecordedAction) -> Iterator[First]:
    if row.action not in CASE_ACTIONS:
        return
    # A new notice is a new danger, so its issue time is part of the key.
    known = row.fields["case"], row.fields.get("issued_at") or ""
    if row.fields.get("event") in DONE_BY_PERSON:
        yield "acted", *known
    if row.fields.get("event") == "confirm_safe":
        yield "confirmed", *known


def add_counts(
    counts: Counts, figure: Figure, council: str | None, providers: Iterable[str], kind: str = "", number: int = 1
) -> None:
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


def _standing(row: RecordedAction, state: str) -> CaseStanding:
    harm_on = row.fields["harm_on"]
    day = date.fromisoformat(harm_on) if harm_on else None
    return CaseStanding(state, day, _code(row), tuple(row.fields["providers"]))


def _count_case(counts: Counts, row: RecordedAction, seen: set[First]) -> None:
    for figure, kind in _figures_of(row):
        add_counts(counts, figure, _code(row), row.fields["providers"], kind)
    for first in firsts_of(row):
        if first not in seen:
            seen.add(first)
            _count_first(counts, first[0], row)


def _figures_of(row: RecordedAction) -> Iterator[tuple[Figure, str]]:
    event = row.fields.get("event", "")
    if row.action is AuditAction.CASE_OPENED:
        yield Figure.CASES_OPENED, ""
    elif row.action is AuditAction.CASE_MOVED:
        yield from ((figure, "") for figure in _MOVES.get((event, row.fields["to"]), ()))
    # Also if the hold moved the case, so this is no `elif`.
    if event in _HOLDS:
        yield Figure.HOLDS, _HOLDS[event]


def _count_first(counts: Counts, what: str, row: RecordedAction) -> None:
    if what == "acted":
        _wait(counts, Figure.WAIT_TO_ACKNOWLEDGEMENT, row)
    else:
        add_counts(counts, Figure.CONFIRMATIONS, _code(row), row.fields["providers"], row.fields["detail"])
        _wait(counts, Figure.WAIT_TO_CONFIRMATION, row)


def _wait(counts: Counts, figure: Figure, row: RecordedAction) -> None:
    issued = row.fields["issued_at"]
    if issued:
        # A provider's clock may be ahead, so the notice can seem issued after the act.
        days = max(0, (london_day(row.at) - london_day(datetime.fromisoformat(issued))).days)
        # The number of days is the kind. Bands and medians are computed when the figures are published.
        add_counts(counts, figure, _code(row), row.fields["providers"], str(days))


def _count_leads(counts: Counts, row: RecordedAction) -> None:
    for lead, number in row.fields["leads"].items():
        add_counts(counts, Figure.NOTICE_LEAD, None, [_code(row)], _how_early(lead), number)


def _how_early(lead: str) -> str:
    if lead == "none":
        return "without_a_date"
    days = int(lead)
    return "past" if days < 0 else "late" if days < LATE_DAYS else "in_time"


def _count_unreachable(counts: Counts, row: RecordedAction) -> None:
    # Rows about the operator's own alerts have no council.
    if row.feed_id is not None:
        add_counts(counts, Figure.NOBODY_TOLD, _code(row), ())


def _count_begun_drill(counts: Counts, row: RecordedAction) -> None:
    # A drill that a person started is beside the drill of the month.
    if row.fields["month"] is not None:
        add_counts(counts, Figure.DRILLS_HELD, _code(row), ())


def _count_drill(counts: Counts, row: RecordedAction) -> None:
    if row.fields["month"] is not None:
        answered = "within_a_working_day" if row.fields.get("in_time") else "later"
        kind = "not_at_all" if row.action is AuditAction.DRILL_ENDED else answered
        add_counts(counts, Figure.DRILLS, _code(row), (), kind)


def _count_stock(counts: Counts, row: RecordedAction) -> None:
    for dimension, key, number in row.fields["counts"]:
        # A stock is set, not added: it was counted once, at the end of the month.
        counts[row.fields["figure"], dimension, key] = number


def _code(row: RecordedAction) -> str:
    # `council:E06000009` gives `E06000009`.
    return (row.feed_id or "").partition(":")[2]


# The actions that record changes of cases.
CASE_ACTIONS = (AuditAction.CASE_OPENED, AuditAction.CASE_MOVED, AuditAction.CASE_NOTED, AuditAction.CASE_LINES_CHANGED)

# The figures that count a change of a case, by the event and the state after it.
_MOVES = {
    ("migrate_line", "migrated"): (Figure.POST_CHECKS_DUE,),
    ("migrate_line", "migrated_unconfirmed"): (Figure.POST_CHECKS_DUE, Figure.MIGRATED_UNCONFIRMED),
    ("restrict_line", "line_restricted"): (Figure.RESTRICTED_WHILE_OPEN,),
    ("pass_post_check", "post_check_passed"): (Figure.POST_CHECKS_DONE,),
}
# The kind of hold figure for an event, whatever state follows.
_HOLDS = {"request_hold": "asked", "confirm_hold": "granted", "refuse_hold": "refused"}
_COUNTERS: dict[AuditAction, Callable[[Counts, RecordedAction], None]] = {
    AuditAction.NOTICES_TIMED: _count_leads,
    AuditAction.NOBODY_COULD_BE_TOLD: _count_unreachable,
    AuditAction.DRILL_STARTED: _count_begun_drill,
    AuditAction.DRILL_ANSWERED: _count_drill,
    AuditAction.DRILL_ENDED: _count_drill,
    AuditAction.STOCK_TAKEN: _count_stock,
}
# All actions that figures are counted from.
COUNTED = (*CASE_ACTIONS, *_COUNTERS)
