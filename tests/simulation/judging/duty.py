from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from tests.simulation.judging import bounds
from tests.simulation.judging.bounds import SILENCE, Urgency, day_of
from tests.simulation.judging.resident import LONG_AGO, URGENT, Resident, State
from tests.simulation.surroundings.plan import LEVELS, level_of
from tests.simulation.surroundings.rules import Numbers


@dataclass(frozen=True, slots=True)
class Due:
    # By `at`, a message to this level or a higher level must be accepted.
    at: datetime
    level: int


@dataclass
class Heard:
    asked: int = 0  # the highest level
    last: datetime | None = None  # the last message, unless there was news since
    alerts: set[str] = field(default_factory=set)
    # When each person had each alert since the pause. One reminder may come to each person in an alert of their own.
    had: dict[str, dict[str, datetime]] = field(default_factory=dict)
    paused: datetime = LONG_AGO  # the end of the pause after an act
    # The earliest possible end of the pause. A process that ended in a review may have shortened the pause before.
    earliest: datetime = LONG_AGO
    since: datetime = LONG_AGO  # the news that `last` carries
    told: datetime | None = None  # the same, also before a person acted
    trying: datetime | None = None  # the first attempt since a message was accepted
    deliveries: set[str] = field(default_factory=set)
    # A clock that was slow may have shortened the pause, as too long to be one.
    pause_in_doubt: bool = False

    def accept(self, delivery: str, contact: str, at: datetime) -> None:
        self.told, self.trying = at, None
        # What was under way when a person acted is no answer to the end of the pause.
        if at < self.earliest and not self.pause_in_doubt:
            return
        alert = delivery.partition(".")[0]
        # A delivery that is accepted twice was sent again, as the process ended before it wrote the first outcome.
        if alert not in self.alerts or self.last is None or delivery in self.deliveries:
            self.last = at
        self.deliveries.add(delivery)
        self.alerts.add(alert)
        if at >= self.paused:
            self._count(self.had.setdefault(contact, {}), alert, at)
        self.asked = max(self.asked, level_of(contact))

    @staticmethod
    def _count(had: dict[str, datetime], alert: str, at: datetime) -> None:
        # A message that was on its way when it was written anew counts once, together with the new one.
        if not any(abs(at - before) <= bounds.ON_ITS_WAY for before in had.values()):
            had.setdefault(alert, at)

    def hear_news(self, since: datetime) -> None:
        self.last = self.told = None
        self.since, self.pause_in_doubt = since, False
        self.pause(since)

    def pause(self, until: datetime, earliest: datetime | None = None) -> None:
        self.paused, self.earliest = until, earliest or until

    def forget(self) -> None:
        self.pause_in_doubt = False
        self.asked, self.last, self.alerts, self.had = 0, None, set(), {}

    @property
    def reminders(self) -> int:
        return max((len(alerts) for contact, alerts in self.had.items() if level_of(contact) < LEVELS), default=0)


@dataclass(frozen=True, slots=True)
class Duty:
    resident: Resident
    heard: Heard
    numbers: Numbers

    def urgency(self, moment: datetime) -> Urgency:
        state = self.resident.state
        if state in URGENT:
            return Urgency.URGENT
        if state is State.MOVED or self.resident.harm is None:
            return Urgency.NEAR
        left = (self.resident.harm - day_of(moment)).days
        if left <= 0:
            return Urgency.URGENT
        return Urgency.CLOSE if left <= bounds.CLOSE else Urgency.NEAR if left <= bounds.NEAR else Urgency.FAR

    def awake(self, moment: datetime) -> datetime:
        if bounds.office(self.numbers, moment) or self.urgency(moment) in (Urgency.URGENT, Urgency.CLOSE):
            return moment
        start = bounds.next_start(self.numbers, moment)
        # What waits until its day is close goes out on that day.
        late = self.resident.state is State.OPEN and self._few_left(start)
        return bounds.end_of_quiet(self.numbers, moment) if late else start

    def _gathered(self, moment: datetime) -> datetime:
        # A first message waits for others for up to a minute, and may meet the start of quiet hours.
        due, later = self.awake(moment), self.awake(moment + bounds.MINUTE)
        return later if later > moment + bounds.MINUTE else due

    def cannot_wait(self, moment: datetime) -> bool:
        if self.resident.state is not State.OPEN:
            return self.resident.state in URGENT
        return self._few_left(bounds.next_start(self.numbers, moment + timedelta(seconds=1)))

    def step(self, moment: datetime) -> timedelta:
        return bounds.STEP_URGENT if self.cannot_wait(moment) else bounds.STEP

    def slot(self, moment: datetime, had: Sequence[datetime]) -> datetime:
        if self.cannot_wait(moment):
            before = moment + bounds.ON_ITS_WAY
            return max([moment, *(at + bounds.URGENT_APART for at in had if at <= before)])
        today = bounds.last_start(self.numbers, moment)
        if not any(today <= at <= moment + bounds.USUAL for at in had):
            return moment
        return bounds.next_start(self.numbers, moment + timedelta(seconds=1))

    def _few_left(self, start: datetime) -> bool:
        # From this start of a working day on.
        last = bounds.working_days_after(day_of(start), bounds.LEAST_WORKING_DAYS - 1)
        return last >= self._harm

    def all_due(self) -> dict[str, Due]:
        if not self.resident.hears:
            return {}
        last = self.heard.last
        if last is None:
            return {"first": Due(self._gathered(max(self._first(), self.heard.paused)), self._first_level)}
        # A message between the two possible ends of a pause may be the one that ends it, or one from before it. In that
        # case the message at the end of the pause goes to the first level, and only its silence counts.
        not_before = max(last, self.heard.paused)
        due = {"reminder": Due(self.awake(max(self._reminder(last), not_before)), 1)}
        if self.heard.asked < LEVELS and last >= self.heard.paused:
            silence = self._after_what_is_tried(self._silence(last))
            if silence is not None:
                due["silence"] = Due(self.awake(silence), self.heard.asked + 1)
        return due

    def pause(self, moment: datetime, *, is_step: bool) -> datetime:
        hours = self.numbers
        noon = self._noon_after(moment)
        if noon is None:
            long = is_step or self.resident.state is State.MOVED
            return moment + timedelta(hours=hours.urgent_pause if long else hours.late_pause)
        told = None if self.heard.told is None else self._reached(self.heard.told)
        ahead = (start for days, start in self._starts if start > moment and (told is None or days < told))
        longest = min([moment + timedelta(hours=hours.pause), *ahead])
        return min(max(longest, moment + timedelta(hours=hours.shortest_pause)), noon)

    def earliest_end_of_pause(self, moment: datetime, *, is_step: bool) -> datetime:
        # A message that was written before a threshold and accepted after it was not about this threshold. The service
        # also forgets a message that a clock wrote in the future.
        return replace(self, heard=replace(self.heard, told=None)).pause(moment, is_step=is_step)

    def earliest_shortened_pause(self, paused: datetime, moment: datetime) -> datetime:
        return replace(self, heard=replace(self.heard, told=None)).shortened_pause(paused, moment)

    def shortened_pause(self, paused: datetime, moment: datetime) -> datetime:
        """Return the new end of a pause after the policy or the harmful day changes. `paused` is the old end."""
        longest = moment + timedelta(hours=max(self.numbers.pause, self.numbers.shortest_pause))
        latest = min(longest, self._noon_after(moment) or longest)
        is_possible = paused <= latest + bounds.CLOCKS_DIFFER
        return paused if is_possible else min(paused, self.pause(moment, is_step=True))

    def _noon_after(self, moment: datetime) -> datetime | None:
        """Return the latest end of a pause: noon of the working day before the harmful day. None means no limit."""
        noon = bounds.at(bounds.working_days_after(self._harm, -1), 12)
        return None if self.resident.state in URGENT | {State.MOVED} or moment >= noon else noon

    @property
    def _harm(self) -> date:
        return self.resident.harm or date.max - timedelta(days=400)

    @property
    def _first_level(self) -> int:
        return 1 + (self.resident.acknowledgements >= bounds.NOTHING_MOVED and self.resident.acted is not None)

    def _first(self) -> datetime:
        resident = self.resident
        acted = resident.acted is not None and self.heard.paused > LONG_AGO
        if resident.since < resident.opened and not (resident.acted and resident.acted >= resident.opened):
            # A hold ended because the day is later: nobody has to hear of that at once.
            return self._reminder(resident.opened)
        start = self.heard.paused if acted else resident.since
        if resident.state is not State.OPEN or self._reached(start) is not None:
            return start
        return self._threshold_after(start)

    def _silence(self, last: datetime) -> datetime | None:
        urgency = self.urgency(last)
        if urgency in SILENCE:
            return last + SILENCE[urgency]
        if urgency is not Urgency.FAR:
            following = bounds.working_days_after(day_of(last), bounds.SILENT_WORKING_DAYS)
            return bounds.same_time_on(following, last)
        return self._reminder(last) if self.heard.reminders >= bounds.UNANSWERED else None

    def _after_what_is_tried(self, silence: datetime | None) -> datetime | None:
        # While a newer message is tried, the next level is asked when this message has failed for a step.
        trying = self.heard.trying
        if silence is None or trying is None or trying > silence:
            return silence
        return max(silence, trying + self.step(trying))

    def _reminder(self, last: datetime) -> datetime:
        reached = 0 if self.resident.state is not State.OPEN else self._reached(last)
        if reached is None:
            return self._threshold_after(last)
        days = self.numbers.repeats[reached] * (2 if len(self.heard.alerts) >= bounds.RARER_AFTER else 1)
        again = bounds.at(bounds.working_days_after(day_of(last), days), self.numbers.day_starts)
        return again if self.resident.state is not State.OPEN else min(again, self._threshold_after(last))

    def _threshold_day(self, days: int) -> date:
        day = self._harm - timedelta(days=days)
        return day if bounds.works(day) else bounds.working_days_after(day, -1)

    def _reached(self, moment: datetime) -> int | None:
        today = day_of(moment)
        return min((days for days in self.numbers.thresholds if today >= self._threshold_day(days)), default=None)

    def _threshold_after(self, moment: datetime) -> datetime:
        reached = self._reached(moment)
        left = (start for days, start in self._starts if reached is None or days < reached)
        return min(left, default=moment + timedelta(days=3_650))

    @property
    def _starts(self) -> list[tuple[int, datetime]]:
        days = self.numbers.thresholds
        return [(count, bounds.at(self._threshold_day(count), self.numbers.day_starts)) for count in days]
