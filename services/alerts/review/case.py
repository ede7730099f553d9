from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from schemas.codes import (
    REPORTED,
    CaseState,
    Connection,
    MatchDecision,
    MatchLevel,
    MigrationKind,
    NoticeStatus,
    ServiceStatus,
    TargetService,
)
from services.alerts.policy.escalation.case_clock import CaseClock
from services.alerts.states.machine import CLOCK_STOPPED, ENDED
from services.core.area_facts import AreaPart
from services.core.clock import london_day


@dataclass(frozen=True, slots=True)
class Case:
    """The case of a register entry. An entry has at most one case."""

    pk: int
    reference: str
    feed_id: str
    entry_pk: int
    state: CaseState
    state_since: datetime
    opened_at: datetime
    # The names of the rule sets that judge the case. The current rule set is last. See `rules_in_force`.
    rulesets: tuple[str, ...]
    level: MatchLevel | None = None
    harm_on: date | None = None
    planned_on: date | None = None
    restriction_on: date | None = None
    lines: int = 0
    notice_issued_at: datetime | None = None
    # The RCPIDs of the providers of the lines at risk. If no line is at risk any more, the last known RCPIDs.
    providers: tuple[str, ...] = ()
    last_alert_at: datetime | None = None
    last_threshold: int | None = None
    # The highest level that had a message since a person last acted: see `policy.levels`. 0 if none had.
    asked: int = 0
    # The number of messages to level 1 since a person last acted.
    unanswered: int = 0
    # The number of acknowledgements since a person last recorded a step.
    acknowledged_times: int = 0
    # The council had a message about the danger, and no message yet that the danger is over.
    warned: bool = False
    paused_until: datetime | None = None
    hold_until: date | None = None
    review_on: date | None = None
    # What the case remembers of each line, by notice id: see `line_memory`.
    seen: Mapping[str, Any] = field(default_factory=dict)
    # The number of facts that were news about the case. An acknowledgement covers the facts that its message named.
    facts: int = 0
    # When the last message was due to be sent, as long as no mail system has accepted it.
    tried_at: datetime | None = None
    # The id of the alert with that message.
    tried_alert: int | None = None
    # The day of the last test call that passed after a move.
    tested_on: date | None = None
    # A code of `SolutionKind`: the solution that now carries the alarm.
    solution: str | None = None
    # Providers that report a move without having given notice. Their report is the only evidence of the move.
    claimed_by: tuple[str, ...] = ()
    # The last changes that the calendar made. `clock_correction` can undo them if the clock was wrong.
    time_steps: tuple[Mapping[str, Any], ...] = ()
    # What the feeds said at the last review: see `consent.snapshot`.
    believed: Mapping[str, Any] | None = None
    # Since when a change of a feed waits for a person. Until then the case is judged by the facts before the change.
    changes_wait_since: datetime | None = None
    # The last day on which the council was told anew that changes wait.
    changes_raised_on: date | None = None
    # When a change of a feed last ended or delayed the case without a person.
    relaxed_at: datetime | None = None
    due_at: datetime | None = None
    # The version of the council's policy at the last review. It is 0 for the default policy.
    policy_version: int = 0
    revision: int = 0

    @property
    def clock(self) -> CaseClock:
        return CaseClock(
            state=self.state,
            level=self.level or MatchLevel.POSSIBLE,
            harm_on=self.harm_on,
            opened_at=self.opened_at,
            last_alert_at=self.last_alert_at,
            last_threshold=self.last_threshold,
            paused_until=self.paused_until,
            tried_at=self.tried_at,
            asked=self.asked,
            unanswered=self.unanswered,
            acknowledged_times=self.acknowledged_times,
            claimed=bool(self.claimed_by) and set(self.providers) <= set(self.claimed_by),
            warned=self.warned,
        )

    @property
    def clock_stopped(self) -> bool:
        return self.state in CLOCK_STOPPED

    @property
    def changes_wait(self) -> bool:
        return self.changes_wait_since is not None

    @property
    def withdrawn(self) -> bool:
        return self.state is CaseState.NOTICE_WITHDRAWN

    @property
    def ended(self) -> bool:
        return self.state in ENDED


@dataclass(frozen=True, slots=True)
class Entry:
    pk: int
    feed_id: str
    shard: int
    live: bool
    service_status: ServiceStatus
    connection: Connection


@dataclass(frozen=True, slots=True)
class Rival:
    """A second version of a notice with the same time stamp. Either version may be the valid one."""

    status: NoticeStatus
    planned_on: date | None
    restriction_on: date | None


@dataclass(frozen=True, slots=True)
class AreaDays:
    # `undated` is true if a notice has no day.
    part: AreaPart
    planned: tuple[date, ...]
    restricted: tuple[date, ...]
    undated: bool


@dataclass(frozen=True, slots=True)
class Line:
    notice_pk: int
    level: MatchLevel
    decision: MatchDecision
    decided_level: MatchLevel | None
    status: NoticeStatus
    migration_kind: MigrationKind
    target_service: TargetService
    planned_on: date | None
    restriction_on: date | None
    issued_at: datetime
    provider: str
    # The number of the version of the notice. It rises with every change of the content.
    revision: int = 1
    # True if the provider gave notice of the move before it reported that the line was moved.
    announced: bool = True
    rival: Rival | None = None
    # Set for a part of the notices on an area, which share one match: every distinct day of these notices.
    days: AreaDays | None = None

    @property
    def key(self) -> str:
        if self.days is None or self.days.part is AreaPart.PENDING:
            return str(self.notice_pk)
        return f"{self.notice_pk}.{self.days.part.value}"

    @property
    def restriction_days(self) -> tuple[date, ...]:
        if self.days is not None:
            return self.days.restricted
        return () if self.restriction_on is None else (self.restriction_on,)

    @property
    def planned_days(self) -> tuple[date, ...]:
        if self.days is not None:
            return self.days.planned
        return () if self.planned_on is None else (self.planned_on,)

    # The earliest day that a date in doubt may mean.
    unsure_from: date | None = None

    @property
    def moved(self) -> bool:
        return self.status is NoticeStatus.COMPLETED

    @property
    def reported(self) -> bool:
        return self.status in REPORTED

    @property
    def moved_on(self) -> date:
        # A planned day after the day of the report cannot be the day of the move.
        reported = london_day(self.issued_at)
        return reported if self.planned_on is None else min(self.planned_on, reported)

    @property
    def fingerprint(self) -> str:
        if self.days is None:
            return f"{self.status.value} {self.planned_on} {self.restriction_on}"
        return " ".join([self.status.value, *map(str, self.days.planned), "then", *map(str, self.days.restricted)])

    @property
    def standing(self) -> MatchLevel:
        # A person's confirmation outranks the evidence.
        return MatchLevel.CONFIRMED if self.decision is MatchDecision.CONFIRMED else self.level

    @property
    def alertable(self) -> bool:
        # An area notice that covers a home, or a near address, does not show that the line of this home was moved or
        # restricted.
        return self.standing is not MatchLevel.POSSIBLE

    @property
    def known_as(self) -> str:
        """Return the status of the notice, or `possible` for a possible match."""
        return self.status.value if self.alertable else self.standing.value

    @property
    def effective_decision(self) -> MatchDecision:
        # If the evidence is surer than when a person rejected the match, the match is undecided again: the person could
        # not know the new evidence.
        surer = self.decided_level is not None and self.level.rank > self.decided_level.rank
        return MatchDecision.UNDECIDED if self.decision is MatchDecision.REJECTED and surer else self.decision
