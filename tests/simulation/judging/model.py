"""A small model of what Pullcord promises today. It shares no code with the engine: it reads only the history.

For each resident it keeps what the feeds said and what people recorded. From that it derives whether the council must
hear (`Duty.HEAR`), must not (`Duty.SILENCE`), or the promise says nothing (`Duty.OPEN`), and until when. To extend the
model, add the rule to `Resident`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from tests.simulation.surroundings.rules import Numbers

LONDON = ZoneInfo("Europe/London")
LONG_AGO = datetime(2000, 1, 1, tzinfo=LONDON)


class Duty(StrEnum):
    HEAR = "hear"
    SILENCE = "silence"
    OPEN = "open"


@dataclass
class Line:
    """What one provider says about the line of a resident."""

    planned: date
    restriction: date | None
    status: str
    restricted: bool = False

    @property
    def days(self) -> list[date]:
        return [day for day in (self.planned, self.restriction) if day is not None]


@dataclass
class Resident:
    """A resident, and what the council has to hear about the line."""

    numbers: Numbers
    on_register: bool = False
    lines: dict[str, Line] = field(default_factory=dict)
    state: str = "none"  # none, open, safe, held, urgent, moved, over, or unsure
    since: datetime = LONG_AGO  # the last news
    heard: datetime | None = None  # the last message since then
    paused: datetime | None = None
    held_until: date | None = None

    @property
    def at_risk(self) -> list[Line]:
        return [line for line in self.lines.values() if line.status != "withdrawn"] if self.on_register else []

    @property
    def harm(self) -> date | None:
        return min((day for line in self.at_risk for day in line.days), default=None)

    @property
    def duty(self) -> Duty:
        if self.state in ("open", "urgent", "moved"):
            return Duty.HEAR
        return Duty.OPEN if self.state == "unsure" else Duty.SILENCE

    def news(self, at: datetime, state: str) -> None:
        """Something new is known: earlier messages and pauses no longer count."""
        self.state, self.since, self.heard, self.paused, self.held_until = state, at, None, None, None

    def register(self, at: datetime, *, ended: bool) -> None:
        self.on_register = not ended
        self._reconsider(at, None)
        self.midnight(at)

    def notice(self, at: datetime, provider: str, facts: dict[str, Any]) -> None:
        before, known = self.harm, self.lines.get(provider)
        status = facts["status"]
        line = Line(facts["planned"], facts["restriction"], status)
        line.restricted = known is not None and known.restricted and known.restriction == line.restriction
        self.lines[provider] = line
        if status == "completed" or (known and known.status == "completed"):
            self._moved(at, known)
            return
        self._reconsider(at, before, is_new=known is None)
        self.midnight(at)

    def _moved(self, at: datetime, known: Line | None) -> None:
        # A report without a notice before it, or beside another line, is judged by finer rules than this model has.
        plain = known is not None and known.status in ("planned", "rescheduled") and len(self.lines) == 1
        if not self.on_register:
            return
        if not plain or self.state not in ("open", "urgent", "safe", "held"):
            self.state = "unsure"
        else:
            self.news(at, "moved" if self.state == "safe" else "urgent")

    def _reconsider(self, at: datetime, before: date | None, *, is_new: bool = False) -> None:
        if self.state in ("moved", "unsure") or any(line.status == "completed" for line in self.lines.values()):
            self.state = "unsure" if self.on_register else "over"
        elif self.harm is None:
            self.state = "none" if self.state == "none" else "over"
        elif self.state in ("none", "over"):
            # Whether a notice opens what a person has ended depends on the line.
            self.news(at, "unsure" if self.state == "over" and self.lines else "open")
        elif self.state == "held" and (is_new or (before is not None and self.harm < before)):
            self.news(at, "open")
        elif self.state == "held" and before != self.harm:
            # A later day ends the hold, but is no reason to hear at once.
            self.state, self.held_until = "open", None
        elif self.state in ("open", "urgent") and (is_new or (before is not None and self.harm < before)):
            self.news(at, self.state)

    def act(self, at: datetime, event: str, until: str | None) -> None:
        if self.state in ("none", "over"):
            return
        if event in ("fail_test", "reject_match", "close") or self.state == "unsure":
            # A rejected match ends only the lines that are known now.
            self.state = "over" if event == "reject_match" else "unsure"
            return
        if event != "confirm_hold" or self.state != "open":
            self.paused = self._pause(at)
        if event == "confirm_safe":
            self.state = "moved" if self._is_moved() else "safe"
            self.midnight(at)
        elif event == "confirm_hold" and self.state == "open":
            self.state, self.held_until = "held", date.fromisoformat(until or "")
            if len(self.at_risk) > 1:
                self.state = "unsure"
        elif event == "pass_post_check":
            self.state = "over" if len(self.at_risk) == 1 else "unsure"
        elif self.state == "urgent" and not self._is_moved() and event == "pass_test":
            self.state = "open"
        elif self.state == "safe" and event not in ("acknowledge", "pass_test", "confirm_hold"):
            self.state = "unsure"

    def _is_moved(self) -> bool:
        return self.state == "moved" or any(line.status == "completed" for line in self.at_risk)

    def midnight(self, at: datetime) -> None:
        """Let the days that have begun by now have their effect."""
        today = at.astimezone(LONDON).date()
        if self.state == "held" and self.held_until is not None and today > self.held_until:
            self.news(at, "open")
        for line in self.at_risk:
            if line.restriction is not None and line.restriction <= today and not line.restricted:
                line.restricted = True
                if self.state in ("open", "held", "urgent"):
                    self.news(at, "urgent")
        if self.state == "safe" and self.at_risk and min(line.planned for line in self.at_risk) < today:
            self.news(at, "moved")

    def due(self) -> datetime:
        """Return the latest time at which the next message is due. The duty must be to hear."""
        return self.awake(self._due())

    def awake(self, moment: datetime) -> datetime:
        """Return the first time from this one on at which a message about the resident may go out."""
        return moment if self._wakes(moment) else _awake(self.numbers, moment)

    def _due(self) -> datetime:
        pace = {"urgent": self.numbers.urgent_repeat, "moved": self.numbers.post_check_repeat}.get(self.state)
        pausing = self.paused is not None and (self.heard is None or self.heard < self.paused)
        if self.paused is not None and pausing:
            return self.paused if pace or self._reached(self.paused) is not None else self._threshold_after(self.paused)
        if self.heard is None:
            return self.since if pace or self._reached(self.since) is not None else self._threshold_after(self.since)
        if pace:
            return self.heard + timedelta(hours=pace)
        reached = self._reached(self.heard)
        if reached is None:
            return self._threshold_after(self.heard)
        repeat = self.heard + timedelta(hours=self.numbers.repeats[reached])
        return min(repeat, self._threshold_after(self.heard))

    def _reached(self, at: datetime) -> int | None:
        left = max(0, (self._day - at.astimezone(LONDON).date()).days)
        return min((days for days in self.numbers.thresholds if left <= days), default=None)

    def _threshold_after(self, at: datetime) -> datetime:
        reached = self._reached(at)
        left = [days for days in self.numbers.thresholds if reached is None or days < reached]
        moments = [_at(self._day - timedelta(days=days), self.numbers.day_starts) for days in left]
        return min(moments, default=at + timedelta(days=3_650))

    @property
    def _day(self) -> date:
        assert self.harm is not None
        return self.harm

    def _pause(self, at: datetime) -> datetime:
        pressing = self.state in ("urgent", "moved") or (self.harm is not None and self._reached(at) == 0)
        longest = at + timedelta(hours=self.numbers.urgent_pause if pressing else self.numbers.pause)
        ends = min(longest, self._threshold_after(at)) if self.harm is not None else longest
        return max(ends, at + timedelta(hours=self.numbers.shortest_pause))

    def _wakes(self, at: datetime) -> bool:
        if self.state == "moved":
            return False
        reached = self._reached(at)
        return self.state == "urgent" or (reached is not None and reached <= self.numbers.wakes_from)


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=LONDON)


def _awake(numbers: Numbers, moment: datetime) -> datetime:
    local = moment.astimezone(LONDON)
    if numbers.quiet_until <= local.hour < numbers.quiet_from:
        return moment
    return _at(local.date() + timedelta(days=local.hour >= numbers.quiet_from), numbers.quiet_until)
