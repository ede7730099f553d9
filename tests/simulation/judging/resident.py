"""Models the true state of a resident, to judge the engine. The model shares no code with the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class State(StrEnum):
    NONE = "no case"
    OPEN = "open"
    RESTRICTED = "restricted"
    UNCONFIRMED = "moved before it was safe"
    MOVED = "moved, test call due"
    SAFE = "confirmed safe"
    HELD = "held"
    CHECKED = "tested after the move"
    REJECTED = "not this resident's line"
    ENDED = "service ended"
    WITHDRAWN = "notice withdrawn"


URGENT = frozenset({State.RESTRICTED, State.UNCONFIRMED})
HEAR = frozenset({State.OPEN, State.MOVED}) | URGENT
OVER = frozenset({State.NONE, State.CHECKED, State.REJECTED, State.ENDED, State.WITHDRAWN})


@dataclass
class Line:
    planned: date
    restriction: date | None
    status: str
    reported: date  # the day of the newest version
    known: bool = False  # it was at risk at the last look
    moved_known: bool = False  # its move was reported at the last look
    begun: date | None = None  # the restriction that has begun, once it was news
    held_until: date | None = None
    rejected: bool = False

    @property
    def moved(self) -> bool:
        return self.status == "completed"

    @property
    def days(self) -> list[date]:
        return [day for day in (self.planned, self.restriction) if day is not None]

    def covered(self, tested: date | None) -> bool:
        """Return True if the alarm was tested late enough. A test before the move or the restriction is too early."""
        if tested is None or (self.restriction is not None and self.restriction > tested):
            return False
        return min(self.planned, self.reported) <= tested if self.moved else self.planned < tested


@dataclass
class Resident:
    on_register: bool = False
    lines: dict[str, Line] = field(default_factory=dict)
    state: State = State.NONE
    # The model does not know what is so: a report came without a notice before it.
    unsure: bool = False
    since: datetime = LONG_AGO  # the last news
    changed: datetime = LONG_AGO  # the last change of the state or the day
    opened: datetime = LONG_AGO  # the last time that the council had to hear again
    acted: datetime | None = None  # the last act of a person since the last news
    acknowledgements: int = 0  # since the last recorded step
    held_until: date | None = None
    tested: date | None = None
    harm: date | None = None
    _providers: frozenset[str] = frozenset()
    _at_risk_before: bool = False

    @property
    def hears(self) -> bool:
        return self.state in HEAR and not self.unsure

    @property
    def silent(self) -> bool:
        return self.state not in HEAR and not self.unsure

    @property
    def at_risk(self) -> dict[str, Line]:
        if not self.on_register:
            return {}
        lines = {name: line for name, line in self.lines.items() if line.status != "withdrawn" and not line.rejected}
        return {name: line for name, line in lines.items() if not line.covered(self.tested)}

    def register(self, at: datetime, *, ended: bool) -> None:
        self.on_register = not ended
        self.look(at)

    def notice(self, at: datetime, provider: str, facts: Mapping[str, Any]) -> None:
        line, today = self.lines.get(provider), _day(at)
        self.unsure |= line is None and facts["status"] == "completed"
        # A provider that takes a report back is judged by finer rules than this model has.
        self.unsure |= line is not None and line.moved and facts["status"] != "completed"
        if line is None:
            self.lines[provider] = Line(facts["planned"], facts["restriction"], facts["status"], today)
        else:
            line.planned, line.status, line.reported = facts["planned"], facts["status"], today
            # An empty cell takes back no day that is known.
            line.restriction = facts["restriction"] or line.restriction
        self.look(at)

    def act(self, at: datetime, event: str, until: str | None) -> None:
        if event == "confirm_hold":
            self._hold(date.fromisoformat(until or ""))
        elif event == "reject_match":
            self._go(at, State.REJECTED)
            for line in self.lines.values():
                line.rejected = True
        elif event == "pass_post_check":
            self.tested = _day(at)
        self._go(at, _AFTER.get(event, {}).get(self.state, self.state))
        if self.state in HEAR:
            self.acted = at
        self.acknowledgements = self.acknowledgements + 1 if event == "acknowledge" else 0
        self.look(at)

    def look(self, at: datetime) -> None:
        found = self.at_risk
        reports = [line for line in found.values() if line.moved and not line.moved_known]
        self._hear_of(at, found)
        self._remember(at, found)
        self._turn(at, reports)

    def _hear_of(self, at: datetime, found: Mapping[str, Line]) -> None:
        if not found:
            if self._at_risk_before or (not self.on_register and self.state not in OVER):
                self._go(at, self._why_over())
            return
        if self.state is State.NONE:
            self._news(at, State.OPEN)
            return
        ahead = {name: line for name, line in found.items() if not line.moved}
        unknown = any(not line.known for line in ahead.values())
        harm = _harm(found)
        if self._is_danger(found, unknown=unknown):
            self._news(at, State.OPEN if self.state in OVER | {State.HELD} else self.state)
        elif self._at_risk_before and harm != self.harm:
            earlier = harm is not None and (self.harm is None or harm < self.harm)
            held = self.state is State.HELD
            # A later day ends a hold, but is no reason to be heard at once.
            (self._news if earlier else self._go)(at, State.OPEN if held else self.state)
        if self._at_risk_before and set(ahead) - self._providers:
            self._news(at, State.OPEN if self.state is State.HELD else self.state)

    def _is_danger(self, found: Mapping[str, Line], *, unknown: bool) -> bool:
        if self.state is State.CHECKED:
            return unknown or any(not line.moved or line.moved_known for line in found.values())
        if self.state is State.HELD and self.held_until is not None:
            free = [
                line for line in found.values() if not line.moved and (line.held_until or date.min) < self.held_until
            ]
            return unknown or bool(free)
        return self.state in OVER or not self._at_risk_before

    def _remember(self, at: datetime, found: Mapping[str, Line]) -> None:
        for line in self.lines.values():
            line.known = line in found.values()
            line.moved_known = line.known and line.moved
            if not found:
                line.begun = None
        self._at_risk_before = bool(found)
        if found:
            self._providers = frozenset(found)
            harm = _harm(found)
            self.changed = at if harm != self.harm else self.changed
            self.harm = harm

    def _turn(self, at: datetime, reports: list[Line]) -> None:
        today = _day(at)
        if self.state is State.HELD and self.held_until is not None and today > self.held_until:
            for line in self.lines.values():
                line.held_until = None
            self._news(at, State.OPEN)
        ahead = [line for line in self.at_risk.values() if not line.moved]
        for line in ahead:
            if line.restriction is not None and line.restriction <= today and line.begun != line.restriction:
                line.begun = line.restriction
                begins = State.RESTRICTED if self.state in (State.OPEN, State.HELD, State.WITHDRAWN) else self.state
                self._news(at, begins)
        for _ in reports:
            known_safe = self.state in (State.SAFE, State.CHECKED, State.MOVED)
            self._news(at, State.MOVED if known_safe else State.UNCONFIRMED)
        if self.state is State.SAFE and ahead and min(line.planned for line in ahead) < today:
            self._news(at, State.MOVED)

    def _why_over(self) -> State:
        if not self.on_register:
            return self.state if self.state in (State.CHECKED, State.REJECTED) else State.ENDED
        # A withdrawal comes too late for a line that has moved.
        late = self.state in OVER | {State.MOVED, State.UNCONFIRMED}
        return self.state if late else State.WITHDRAWN

    def _hold(self, until: date) -> None:
        for line in self.lines.values():
            line.held_until = until
        self.held_until = until

    def _news(self, at: datetime, state: State) -> None:
        # After news, earlier messages and acts no longer count.
        self._go(at, state)
        if state in HEAR:
            self.since, self.acted = at, None

    def _go(self, at: datetime, state: State) -> None:
        if state is not self.state:
            self.changed = at
            self.opened = self.opened if self.state in HEAR else at
        self.state = state


_SAFE = {State.OPEN: State.SAFE, State.HELD: State.SAFE, State.RESTRICTED: State.SAFE, State.UNCONFIRMED: State.MOVED}
_FAILED = {State.SAFE: State.OPEN, State.MOVED: State.UNCONFIRMED, State.CHECKED: State.UNCONFIRMED}
# The state after an act. An act that is not named, or in another state, changes only when the next message is due.
_AFTER: Mapping[str, Mapping[State, State]] = {
    "confirm_safe": _SAFE,
    "confirm_hold": {State.OPEN: State.HELD},
    "pass_test": {State.RESTRICTED: State.OPEN},
    "fail_test": _FAILED,
    "pass_post_check": {State.MOVED: State.CHECKED, State.UNCONFIRMED: State.CHECKED},
}


def _harm(found: Mapping[str, Line]) -> date | None:
    ahead = [line for line in found.values() if not line.moved] or list(found.values())
    return min((day for line in ahead for day in line.days), default=None)


def _day(at: datetime) -> date:
    return at.astimezone(LONDON).date()


def midnight_after(at: datetime) -> datetime:
    day = _day(at) + timedelta(days=1)
    return datetime(day.year, day.month, day.day, tzinfo=LONDON).astimezone(UTC)
