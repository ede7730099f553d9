"""When the service, its clock or a channel had a fault: the only excuses for a message that is late."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from tests.simulation.judging.history import Happened, What

Span = tuple[datetime, datetime]

# How long an undisturbed message may take, and how long it may take once a fault is over.
USUAL, RECOVERY = timedelta(minutes=6), timedelta(minutes=30)
# When no contact of a council could be reached, the operator hears of it after this time.
TO_OPERATOR = timedelta(minutes=60)


class Troubles:
    """The faults of one month, from its history."""

    def __init__(self, happened: Iterable[Happened], operator: str) -> None:
        self._operator = operator
        self._service: list[Span] = []
        self._channels: dict[str, list[Span]] = {}
        self._wrong_clock: list[Span] = []
        for one in happened:
            if one.what is What.DOWN:
                self._service.append((one.at, one.facts["until"]))
            elif one.what is What.CLOCK:
                # What a clock that ran ahead has put off stays put off for as long, and to the end of quiet hours.
                ahead = timedelta(seconds=max(0, one.facts["seconds"]), hours=12)
                self._wrong_clock.append((one.at, one.facts["until"] + ahead))
            elif one.what is What.CHANNEL:
                self._channels.setdefault(one.about, []).append((one.at, one.facts["until"]))
        self._service += self._wrong_clock

    def wrong_clock(self, at: datetime) -> bool:
        return any(begins <= at <= ends for begins, ends in self._wrong_clock)

    def latest(self, due: datetime, contacts: Sequence[str], awake: Callable[[datetime], datetime]) -> datetime:
        """Return the time by which a message that is due must have been accepted for a contact or the operator.

        `awake` moves a time out of the quiet hours, unless the message wakes people.
        """
        begins = _clear(due, USUAL, self._service)
        if begins != due:
            begins = _clear(awake(begins), RECOVERY, self._service)
        allowed = USUAL if begins == due else RECOVERY
        council = min(_clear(begins, allowed, self._of(name)) for name in contacts)
        if council == begins:
            return begins + allowed
        # Until then the operator is told in place of the council, if the operator's channel works.
        operator = _clear(awake(begins + TO_OPERATOR), RECOVERY, self._of(self._operator))
        # What was refused for good is not tried again; the next message about it is written after the same time.
        return awake(min(council, operator) + TO_OPERATOR) + RECOVERY

    def _of(self, contact: str) -> list[Span]:
        return [*self._service, *self._channels.get(contact, ())]


def _clear(moment: datetime, length: timedelta, spans: Sequence[Span]) -> datetime:
    """Return the first time from `moment` on after which nothing is wrong for `length`."""
    found = moment
    while True:
        in_the_way = [ends for begins, ends in spans if begins <= found + length and ends > found]
        if not in_the_way:
            return found
        found = max(in_the_way)
