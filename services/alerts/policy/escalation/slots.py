"""All functions are pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.alerts.policy.policy_settings import CouncilPolicy
from services.core.clock import CLOCKS_APART, london_day

# However long a council is closed, no message waits longer. Christmas with a weekend is shorter.
LONGEST_WAIT: Final = timedelta(days=5)

_INSTANT: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class LastMessages:
    # The times at which a channel accepted messages.
    any_at: datetime | None = None
    urgent_at: datetime | None = None

    def until(self, now: datetime) -> LastMessages:
        """Return a copy in which None replaces each time that is more than `CLOCKS_APART` after `now`."""
        # Only a clock that ran ahead can have set a later time.
        latest = now + CLOCKS_APART
        any_at, urgent_at = (None if at is None or at > latest else at for at in (self.any_at, self.urgent_at))
        return LastMessages(any_at, urgent_at)


def next_slot(policy: CouncilPolicy, last: LastMessages, now: datetime, *, urgent: bool) -> datetime:
    last = last.until(now)
    if urgent:
        if last.urgent_at is None:
            return now
        return max(now, last.urgent_at + timedelta(minutes=policy.urgent_interval_minutes))
    if not policy.one_digest_a_day or last.any_at is None or last.any_at < policy.days.last_start(now):
        return now
    return min(policy.days.next_start(now + _INSTANT), now + LONGEST_WAIT)


def moved_slot(policy: CouncilPolicy, slot: datetime, written_at: datetime, now: datetime) -> datetime:
    """Return the send time of a waiting message under the changed policy. The message must not be urgent.

    `slot` is the send time under the earlier policy.
    """
    if not policy.one_digest_a_day or slot <= written_at + timedelta(minutes=policy.urgent_interval_minutes):
        return slot
    start = policy.days.next_start(now + _INSTANT)
    # A working day that starts at another hour moves the message, but a new closure puts it off to no later day.
    return slot if london_day(start) > london_day(slot) else start
