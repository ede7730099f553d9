"""The codes that notices, register entries and events share. The values travel and are stored: never change one."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """What a notice speaks of: one line, or an area."""

    LINE = "line"
    POSTCODE = "postcode"
    EXCHANGE = "exchange"


class MigrationKind(StrEnum):
    """Whether the customer chose it (PSTN charter, technical note 1)."""

    VOLUNTARY = "voluntary"
    NON_VOLUNTARY = "non_voluntary"
    UNKNOWN = "unknown"


class TargetService(StrEnum):
    """What the line becomes. `pdpl` and `evac` are exchange-based interim lines."""

    VOIP = "voip"
    PDPL = "pdpl"
    EVAC = "evac"
    CEASE = "cease"
    UNKNOWN = "unknown"


class NoticeStatus(StrEnum):
    """How far the migration is, as the provider says."""

    PLANNED = "planned"
    RESCHEDULED = "rescheduled"
    PAUSED = "paused"
    WITHDRAWN = "withdrawn"
    COMPLETED = "completed"
    REVERTED = "reverted"


REPORTED = frozenset({NoticeStatus.COMPLETED, NoticeStatus.REVERTED})
"""The statuses that report what was done to a line, not what is planned."""

DANGEROUS_FIRST = (
    NoticeStatus.COMPLETED,
    NoticeStatus.REVERTED,
    NoticeStatus.PLANNED,
    NoticeStatus.RESCHEDULED,
    NoticeStatus.PAUSED,
    NoticeStatus.WITHDRAWN,
)
"""The statuses by what they mean for an alarm on the line, the most dangerous first (policy of the deployment)."""


class RestrictionKind(StrEnum):
    """How a line is restricted before its migration."""

    OUTGOING_BARRED = "outgoing_barred"
    OUTGOING_DIVERTED = "outgoing_diverted"
    INCOMING_BARRED = "incoming_barred"
    OTHER = "other"


class ServiceStatus(StrEnum):
    """Whether the telecare service runs."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"
    UNKNOWN = "unknown"


class Connection(StrEnum):
    """What the alarm dials over."""

    ANALOGUE_LINE = "analogue_line"
    ROUTER = "router"
    CONVERTER = "converter"
    SIM = "sim"
    IP = "ip"
    UNKNOWN = "unknown"


class MatchLevel(StrEnum):
    """How sure it is that a notice is about the line an alarm hangs on."""

    CONFIRMED = "confirmed"
    PROBABLE = "probable"
    POSSIBLE = "possible"

    @property
    def rank(self) -> int:
        """Higher is surer: possible 1, probable 2, confirmed 3."""
        return _RANK[self]


_RANK = {MatchLevel.POSSIBLE: 1, MatchLevel.PROBABLE: 2, MatchLevel.CONFIRMED: 3}


class MatchDecision(StrEnum):
    """What a person said of a match."""

    UNDECIDED = "undecided"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
