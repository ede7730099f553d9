"""All functions are pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.alerts.delivery.delivery import DeliveryState
from services.alerts.delivery.store.recipients import DeliveryOfTier

# An attempt that runs has this long before others are asked: a colleague's message may be accepted any moment.
_RUNNING: Final = timedelta(seconds=45)


def unreached_tiers(made: Sequence[DeliveryOfTier], order: Sequence[str], written_at: datetime) -> list[str]:
    """Return the tiers that no message has reached.

    If every tier that was asked at first is reached, return no tier. `order` lists all tiers, the first tier first.
    """
    asked = dict.fromkeys(one.tier for one in made)
    first = {one.tier for one in made if not _is_in_place(one, written_at)}
    # An accepted message to somebody in place of others covers its tier and all earlier tiers.
    covered = max(
        (_place(order, one.tier) for one in made if _is_in_place(one, written_at) and one.accepted), default=-1
    )
    reached = {one.tier for one in made if one.accepted or one.replaced}
    unreached = [tier for tier in asked if tier not in reached and _place(order, tier) > covered]
    # If all tiers that were asked at first are reached, nobody else needs a message.
    return unreached if first.intersection(unreached) else []


@dataclass(frozen=True, slots=True)
class AlertSpan:
    # `step` is how long one message may take until it is accepted or received.
    written_at: datetime
    step: timedelta


def failing_tiers(
    made: Sequence[DeliveryOfTier], unreached: Sequence[str], span: AlertSpan, now: datetime
) -> list[str]:
    hopeful = {one.tier for one in made if _lasts_until(one, span, now) is not None}
    return [tier for tier in unreached if tier not in hopeful]


def time_left(
    made: Sequence[DeliveryOfTier], unreached: Collection[str], failing: Collection[str], span: AlertSpan, now: datetime
) -> datetime | None:
    """Return the earliest deadline of the messages on their way.

    Return None if no message can still arrive in time.
    """
    on_their_way = (
        one
        for one in made
        if (one.tier in unreached or _is_in_place(one, span.written_at)) and not (failing and one.waits(now))
    )
    moments = (_lasts_until(one, span, now) for one in on_their_way)
    return min((moment for moment in moments if moment is not None), default=None)


def _lasts_until(one: DeliveryOfTier, span: AlertSpan, now: datetime) -> datetime | None:
    moments = _may_last_until(one, span.written_at, span.step, now)
    return next((moment for moment in moments if moment > now), None)


def _may_last_until(one: DeliveryOfTier, written_at: datetime, step: timedelta, now: datetime) -> Iterator[datetime]:
    if not one.verified:
        # A message to an address that nobody has verified reaches nobody for certain.
        return
    if one.awaited and one.settled_at is not None:
        yield one.settled_at + step
    elif one.due_at is None:
        return
    elif one.waits(now):
        # A message that is not due yet has had no time to arrive.
        yield one.due_at + step
    elif _is_in_place(one, written_at):
        yield one.created_at + step
    elif one.state is not DeliveryState.WAITING and now < one.created_at + step:
        yield now + _RUNNING


def _is_in_place(one: DeliveryOfTier, written_at: datetime) -> bool:
    # Deliveries that were written later than the alert go to those who are asked in place of others.
    return one.created_at > written_at


def _place(order: Sequence[str], tier: str) -> int:
    # The policy may have lost a tier since the alert was written. Anybody later counts in its place.
    return order.index(tier) if tier in order else -1
