"""A case and the lines it is about, as rules see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from schemas.codes import (
    Connection,
    MatchDecision,
    MatchLevel,
    MigrationKind,
    NoticeStatus,
    ServiceStatus,
    TargetService,
)
from services.alerts.machine import CLOCK_STOPPED, ENDED, State
from services.alerts.policy import CaseClock


@dataclass(frozen=True, slots=True)
class Case:
    """One register entry and the danger to its line. There is one case an entry; it opens again when danger comes back.

    `harm_on` is the earliest harmful day of its lines at risk, `seen` what was last known of each line (by notice id)
    and of the restriction, so that each fact is told once.
    """

    pk: int
    reference: str
    feed_id: str
    entry_pk: int
    state: State
    state_since: datetime
    opened_at: datetime
    ruleset: str
    level: MatchLevel | None = None
    harm_on: date | None = None
    planned_on: date | None = None
    restriction_on: date | None = None
    lines: int = 0
    notice_issued_at: datetime | None = None
    providers: tuple[str, ...] = ()
    """The providers of its lines at risk, by RCPID; the last known once there are none."""
    last_alert_at: datetime | None = None
    last_threshold: int | None = None
    warned: bool = False
    """Whether the council has heard of the danger, and not that it is over."""
    paused_until: datetime | None = None
    hold_until: date | None = None
    review_on: date | None = None
    seen: Mapping[str, str] = field(default_factory=dict)
    due_at: datetime | None = None
    revision: int = 0

    @property
    def clock(self) -> CaseClock:
        """The case as the policy sees it."""
        return CaseClock(
            state=self.state,
            level=(self.level or MatchLevel.POSSIBLE).value,
            harm_on=self.harm_on,
            opened_at=self.opened_at,
            last_alert_at=self.last_alert_at,
            last_threshold=self.last_threshold,
            paused_until=self.paused_until,
        )

    @property
    def clock_stopped(self) -> bool:
        """Whether no escalation is owed."""
        return self.state in CLOCK_STOPPED

    @property
    def withdrawn(self) -> bool:
        """Whether it ended because no provider's notice is about its line any more."""
        return self.state is State.NOTICE_WITHDRAWN

    @property
    def ended(self) -> bool:
        """Whether nothing more is owed at all."""
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
class Line:
    """A live match of the entry: what the notice says, and what a person said of the match."""

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

    @property
    def standing(self) -> MatchLevel:
        """The level with a person's confirmation counted in."""
        return MatchLevel.CONFIRMED if self.decision is MatchDecision.CONFIRMED else self.level

    @property
    def told_of(self) -> bool:
        """Whether what happens to this line is known to happen to the alarm's.

        An area that covers a home, or a near address, does not say that the home's own line was restricted or moved.
        """
        return self.standing is not MatchLevel.POSSIBLE

    @property
    def known_as(self) -> str:
        """What is remembered of the line, so that what is new about it can be told."""
        return self.status.value if self.told_of else self.standing.value

    @property
    def effective_decision(self) -> MatchDecision:
        """A rejection stands against the evidence it was made on.

        Surer evidence than the person saw opens the question again: their word is kept, but it does not silence what
        they could not know.
        """
        surer = self.decided_level is not None and self.level.rank > self.decided_level.rank
        return MatchDecision.UNDECIDED if self.decision is MatchDecision.REJECTED and surer else self.decision
