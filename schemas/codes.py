"""Codes shared by notices, register entries and events. Their values are sent and stored: never change one."""

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
    # Pre-Digital Phone Line: keeps an analogue handset working until the exchange closes.
    PDPL = "pdpl"
    EVAC = "evac"
    CEASE = "cease"
    UNKNOWN = "unknown"


class NoticeStatus(StrEnum):
    """How far the migration is, as the provider says."""

    PLANNED = "planned"
    RESCHEDULED = "rescheduled"
    # Stopped for now; a new date may follow.
    PAUSED = "paused"
    WITHDRAWN = "withdrawn"
    COMPLETED = "completed"
    # The line was moved back after a migration.
    REVERTED = "reverted"


# Statuses that report what was done to a line, not what is planned.
REPORTED = frozenset({NoticeStatus.COMPLETED, NoticeStatus.REVERTED})

# Statuses by what they mean for an alarm on the line, most dangerous first (policy of the deployment).
DANGEROUS_FIRST = (
    NoticeStatus.COMPLETED,
    NoticeStatus.REVERTED,
    NoticeStatus.PLANNED,
    NoticeStatus.RESCHEDULED,
    NoticeStatus.PAUSED,
    NoticeStatus.WITHDRAWN,
)


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
    # An adapter between an analogue alarm and a digital line.
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
        # Higher is surer. Text values do not sort by certainty.
        return _RANK[self]


_RANK = {MatchLevel.POSSIBLE: 1, MatchLevel.PROBABLE: 2, MatchLevel.CONFIRMED: 3}


class MatchDecision(StrEnum):
    """What a person said of a match."""

    # No person has judged the match yet.
    UNDECIDED = "undecided"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
