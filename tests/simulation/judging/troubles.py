"""Computes how late a message may be. Only faults excuse a late message."""
# Such a fault is in the service, in a clock or in a channel.

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from tests.simulation.judging.bounds import CLOCK_PUT_OFF, RECOVERY, TRIED_FOR, USUAL, at, day_of, working_days_after
from tests.simulation.judging.history import Happened, What
from tests.simulation.surroundings.plan import LEVELS, Mode, level_contacts

Span = tuple[datetime, datetime]
Awake = Callable[[datetime], datetime]
NOON = 12


class Troubles:
    def __init__(self, happened: Iterable[Happened]) -> None:
        self._service: list[Span] = []
        self._channels: dict[str, list[Span]] = {}
        self._refusing: dict[str, list[Span]] = {}
        self._wrong_clock: list[Span] = []
        self._ahead: list[tuple[Span, timedelta]] = []
        for one in happened:
            if one.what is What.DOWN:
                self._service.append((one.at, one.facts["until"]))
            elif one.what is What.CLOCK:
                by = timedelta(seconds=max(0, one.facts["seconds"]))
                self._ahead.append(((one.at, one.facts["until"]), by))
                ahead = one.facts["until"] + by
                self._wrong_clock.append((one.at, at(working_days_after(day_of(ahead), CLOCK_PUT_OFF), NOON)))
            elif one.what is What.CHANNEL:
                span = one.at, one.facts["until"]
                self._channels.setdefault(one.about, []).append(span)
                if one.facts["mode"] == Mode.REFUSING:
                    self._refusing.setdefault(one.about, []).append(span)
        self._down = list(self._service)
        self._service += self._wrong_clock

    def wrong_clock(self, moment: datetime) -> bool:
        return any(begins <= moment <= ends for begins, ends in self._wrong_clock)

    def shown(self, moment: datetime) -> datetime:
        return max([moment + by for (begins, ends), by in self._ahead if begins <= moment < ends], default=moment)

    def up_from(self, moment: datetime) -> datetime:
        return _clear(moment, timedelta(0), self._down)

    def troubled(self, contacts: Iterable[str], since: datetime, until: datetime) -> bool:
        spans = [*self._service, *(span for name in contacts for span in self._channels.get(name, ()))]
        return any(begins <= until and ends >= since for begins, ends in spans)

    def latest(
        self,
        slots: Mapping[str, datetime],
        council: str,
        level: int,
        step: timedelta,
        awake: Callable[[datetime], datetime],
    ) -> datetime:
        # After a failure, `step` is the time until the next level is asked.
        due = min(slots.values())
        begins = _clear(due, USUAL, self._service)
        latest = self._latest_from(due, USUAL, slots, council, level, step, awake)
        if begins == due:
            return latest
        begins = _clear(awake(begins), RECOVERY, self._service)
        # The trouble may have kept nothing back: a clock that was right again, or a process that was back.
        return max(latest, self._latest_from(begins, RECOVERY, slots, council, level, step, awake))

    def _latest_from(
        self,
        begins: datetime,
        allowed: timedelta,
        slots: Mapping[str, datetime],
        council: str,
        level: int,
        step: timedelta,
        awake: Callable[[datetime], datetime],
    ) -> datetime:
        # Somebody of the level who hears later keeps it from going on.
        tried = max(begins, *slots.values())
        starts = [(person, max(begins, slot)) for person, slot in slots.items()]
        for place, asked in enumerate(range(level + 1, LEVELS + 1), start=1):
            starts += [(person, awake(tried + place * step)) for person in level_contacts(council, asked)]
        reached = self._first_reached(starts, allowed)
        again = begins
        while reached is None:
            # Everybody has refused it for good, so it is written anew.
            again = awake(again + TRIED_FOR)
            reached = self._first_reached([(person, again) for person, _ in starts], RECOVERY)
        return begins + allowed if reached == begins else awake(reached + step) + RECOVERY

    def _first_reached(self, starts: Sequence[tuple[str, datetime]], allowed: timedelta) -> datetime | None:
        found = [self._reached(person, at, allowed) for person, at in starts]
        return min((at for at in found if at is not None), default=None)

    def _reached(self, person: str, starts: datetime, allowed: timedelta) -> datetime | None:
        """Return when the message reaches the person, or None if the person's channel refuses the message."""
        clear = _clear(starts, allowed, self._of(person))
        refused = any(begins <= clear and ends > starts for begins, ends in self._refusing.get(person, ()))
        return None if refused and clear != starts else clear

    def _of(self, contact: str) -> list[Span]:
        return [*self._service, *self._channels.get(contact, ())]


def _clear(moment: datetime, length: timedelta, spans: Sequence[Span]) -> datetime:
    """Return the start of the first period of this length, from `moment` on, that no span touches."""
    found = moment
    while True:
        in_the_way = [ends for begins, ends in spans if begins <= found + length and ends > found]
        if not in_the_way:
            return found
        found = max(in_the_way)
