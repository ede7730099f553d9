"""A case and the lines it is about, as rules see them."""

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
from services.alerts.policy.policy import CaseClock
from services.alerts.states.machine import CLOCK_STOPPED, ENDED
from services.core.clock import london_day


@dataclass(frozen=True, slots=True)
class Case:
    """One register entry and the danger to its line. There is one case an entry; it opens again when danger comes back.

    `harm_on` is the earliest harmful day of its lines at risk.
    """

    pk: int
    reference: str
    feed_id: str
    entry_pk: int
    state: CaseState
    state_since: datetime
    opened_at: datetime
    # The names of the rule sets that judge it; the current one is last. See `rules_in_force`.
    rulesets: tuple[str, ...]
    level: MatchLevel | None = None
    harm_on: date | None = None
    planned_on: date | None = None
    restriction_on: date | None = None
    lines: int = 0
    notice_issued_at: datetime | None = None
    # The providers of its lines at risk, by RCPID; the last known once there are none.
    providers: tuple[str, ...] = ()
    last_alert_at: datetime | None = None
    last_threshold: int | None = None
    # The council has had a message about the danger, and none that it is over.
    warned: bool = False
    paused_until: datetime | None = None
    hold_until: date | None = None
    review_on: date | None = None
    # What is remembered of each line, by notice id: see `line_memory`.
    seen: Mapping[str, Any] = field(default_factory=dict)
    # Counts what was new about the case. An acknowledgement covers the facts that its message named.
    facts: int = 0
    # When a message was last written down that nobody's mail system has accepted yet.
    tried_at: datetime | None = None
    # The day of the last test call that passed after a move.
    tested_on: date | None = None
    # What now carries the alarm, a code of `SolutionKind`.
    solution: str | None = None
    # Providers that report a move of which they gave no notice: it is their word alone.
    claimed_by: tuple[str, ...] = ()
    # The last changes that the calendar made, so that a wrong clock can be undone: see `clock_correction`.
    time_steps: tuple[Mapping[str, Any], ...] = ()
    due_at: datetime | None = None
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
            claimed=bool(self.claimed_by) and set(self.providers) <= set(self.claimed_by),
        )

    @property
    def clock_stopped(self) -> bool:
        return self.state in CLOCK_STOPPED

    @property
    def withdrawn(self) -> bool:
        return self.state is CaseState.NOTICE_WITHDRAWN

    @property
    def ended(self) -> bool:
        return self.state in ENDED


@dataclass(frozen=True, slots=True)
class Entry:
    """The register entry of a case."""

    pk: int
    feed_id: str
    shard: int
    live: bool
    service_status: ServiceStatus
    connection: Connection


@dataclass(frozen=True, slots=True)
class Rival:
    """Another version of a notice with the same stamp: nothing says which of the two holds."""

    status: NoticeStatus
    planned_on: date | None
    restriction_on: date | None


@dataclass(frozen=True, slots=True)
class Line:
    """A live match of the entry: what the notice says, and what a person decided about the match."""

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
    # The version of the notice: it rises with every change of what the notice says.
    revision: int = 1
    # The provider gave notice of the move before it reported the move as made.
    announced: bool = True
    rival: Rival | None = None

    @property
    def moved(self) -> bool:
        return self.status is NoticeStatus.COMPLETED

    @property
    def reported(self) -> bool:
        return self.status in REPORTED

    @property
    def moved_on(self) -> date:
        # A planned day that lay ahead when the move was reported cannot be the day of the move.
        reported = london_day(self.issued_at)
        return reported if self.planned_on is None else min(self.planned_on, reported)

    @property
    def fingerprint(self) -> str:
        """The status and days of the notice as one text: when it differs, something about the line is new."""
        return f"{self.status.value} {self.planned_on} {self.restriction_on}"

    @property
    def standing(self) -> MatchLevel:
        # A person's confirmation outranks the evidence.
        return MatchLevel.CONFIRMED if self.decision is MatchDecision.CONFIRMED else self.level

    @property
    def alertable(self) -> bool:
        # An area that covers a home, or a near address, does not say that the home's own line was restricted or
        # moved.
        return self.standing is not MatchLevel.POSSIBLE

    @property
    def known_as(self) -> str:
        """The text that the case remembers of the line; when it differs, something about the line is new."""
        return self.status.value if self.alertable else self.standing.value

    @property
    def effective_decision(self) -> MatchDecision:
        # Surer evidence than the person saw opens the question again: their word does not silence what they could not
        # know.
        surer = self.decided_level is not None and self.level.rank > self.decided_level.rank
        return MatchDecision.UNDECIDED if self.decision is MatchDecision.REJECTED and surer else self.decision
