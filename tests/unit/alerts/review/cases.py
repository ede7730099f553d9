from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from schemas.codes import (
    CaseEvent,
    CaseState,
    Connection,
    MatchDecision,
    MatchLevel,
    MigrationKind,
    NoticeStatus,
    ServiceStatus,
    TargetService,
)
from services.alerts.policy.policy import CouncilPolicy
from services.alerts.review.case import Case, Entry, Line
from services.alerts.review.line_memory import LineMemory, memories
from services.alerts.review.owed import CasePolicy, Owed, what_is_owed
from services.alerts.states.rules import load_ruleset

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
TODAY = NOW.date()
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
POLICY, RULES = CouncilPolicy(), load_ruleset("pstn-2026")
GATHERING = timedelta(seconds=POLICY.grouping_seconds)

ENTRY = Entry(
    pk=2,
    feed_id="council:E06000009",
    shard=0,
    live=True,
    service_status=ServiceStatus.ACTIVE,
    connection=Connection.ANALOGUE_LINE,
)
LINE = Line(
    notice_pk=1,
    level=MatchLevel.CONFIRMED,
    decision=MatchDecision.UNDECIDED,
    decided_level=None,
    status=NoticeStatus.PLANNED,
    migration_kind=MigrationKind.NON_VOLUNTARY,
    target_service=TargetService.VOIP,
    planned_on=date(2026, 12, 3),
    restriction_on=None,
    issued_at=NOW - DAY,
    provider="RAVN",
)
OTHER = replace(LINE, notice_pk=9, provider="HRBR", planned_on=date(2026, 12, 17))
KNOWN = {"1": {"provider": "RAVN", "known_as": "planned"}}


def case(state: CaseState = CaseState.OPEN, **changes: Any) -> Case:
    made = Case(
        pk=1,
        reference="C-2222-2222",
        feed_id=ENTRY.feed_id,
        entry_pk=ENTRY.pk,
        state=state,
        state_since=NOW - HOUR,
        opened_at=NOW - HOUR,
        rulesets=(RULES.name,),
        level=MatchLevel.CONFIRMED,
        harm_on=LINE.planned_on,
        planned_on=LINE.planned_on,
        lines=1,
        notice_issued_at=LINE.issued_at,
        providers=("RAVN",),
        last_alert_at=NOW - HOUR,
        last_threshold=14,
        warned=True,
        seen=KNOWN,
        facts=3,
        revision=4,
    )
    return replace(made, **changes)


def reviewed(before: Case, *lines: Line, entry: Entry = ENTRY, now: datetime = NOW) -> Owed:
    return what_is_owed(before, entry, lines, CasePolicy(POLICY, RULES), now)


def events(made: Owed) -> list[CaseEvent]:
    return [transition.event for transition in made.transitions]


def memory(of: Case, notice: int = 1) -> LineMemory:
    return memories(of)[str(notice)]


def knowing(**facts: Any) -> Mapping[str, Mapping[str, Any]]:
    return {"1": {**KNOWN["1"], **facts}}
