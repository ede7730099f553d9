"""Judges the history of a month by the model: nobody forgotten, nobody messaged needlessly, in time, in true words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.simulation.judging.history import Happened, What
from tests.simulation.judging.model import LONDON, Duty, Resident
from tests.simulation.judging.troubles import Troubles
from tests.simulation.surroundings.plan import OPERATOR, contacts_of
from tests.simulation.surroundings.rules import Numbers

# A message that was being sent when a case ended.
ON_ITS_WAY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Broken:
    """A promise that was not kept."""

    at: datetime
    promise: str
    about: str
    because: str

    def __str__(self) -> str:
        return f"{self.at:%a %d %b %Y %H:%M:%S} {self.promise}: {self.about}: {self.because}"


@dataclass
class Judge:
    """Reads a history in order and keeps one `Resident` of the model for each resident."""

    troubles: Troubles
    residents: dict[str, Resident] = field(default_factory=dict)
    numbers: dict[str, Numbers] = field(default_factory=dict)
    cases: dict[str, str] = field(default_factory=dict)
    attempts: dict[str, Happened] = field(default_factory=dict)
    silent_since: dict[str, datetime] = field(default_factory=dict)
    due: dict[str, datetime] = field(default_factory=dict)
    turned_at: datetime | None = None
    broken: list[Broken] = field(default_factory=list)

    def read(self, happened: Iterable[Happened], end: datetime) -> list[Broken]:
        for one in happened:
            self._turn_days(one.at)
            self._check_due(one.at)
            self._apply(one)
        self._turn_days(end)
        self._check_due(end)
        return self.broken

    def _turn_days(self, until: datetime) -> None:
        """Let every midnight pass that lies before this event."""
        last = self.turned_at or until
        while (midnight := _next_midnight(last)) <= until:
            self._check_due(midnight)
            for name, resident in self.residents.items():
                resident.midnight(midnight)
                self._renew(name, midnight)
            last = midnight
        self.turned_at = until

    def _check_due(self, now: datetime) -> None:
        for name, due in list(self.due.items()):
            resident = self.residents[name]
            if due + timedelta(minutes=6) >= now:
                continue
            contacts = contacts_of(name.partition("/")[0])[:2]
            if now > (latest := self.troubles.latest(due, contacts, resident.awake)):
                promise = "forgotten" if resident.heard is None else "not in time"
                why = f"{resident.state}, due {due.astimezone(LONDON):%d %b %H:%M:%S}, at the latest"
                self._break(latest, promise, name, f"{why} {latest.astimezone(LONDON):%d %b %H:%M:%S}")
                # Counted once; the next message is awaited anew.
                resident.state = "unsure"
                self._renew(name, now)

    def _apply(self, one: Happened) -> None:
        if one.what is What.POLICY:
            self._new_policy(one)
        elif one.what is What.CASE:
            self.cases[one.facts["reference"]] = one.about
        elif one.what is What.ATTEMPT:
            self.attempts[one.facts["reference"]] = one
            self._check_words(one)
        elif one.what is What.ANSWER:
            self._answered(one)
        elif one.what in (What.ENTRY, What.NOTICE, What.ACT):
            self._changed(one)

    def _new_policy(self, one: Happened) -> None:
        self.numbers[one.about] = one.facts["numbers"]
        for name, resident in self.residents.items():
            if name.startswith(one.about):
                resident.numbers = one.facts["numbers"]
                self._renew(name, one.at)

    def _changed(self, one: Happened) -> None:
        council = one.about.partition("/")[0]
        resident = self.residents.setdefault(one.about, Resident(self.numbers.get(council, Numbers())))
        if one.what is What.ENTRY:
            resident.register(one.at, ended=one.facts["ended"])
        elif one.what is What.NOTICE:
            resident.notice(one.at, one.facts["provider"], dict(one.facts))
        else:
            resident.act(one.at, one.facts["event"], one.facts["until"])
        self._renew(one.about, one.at)

    def _answered(self, one: Happened) -> None:
        attempt = self.attempts.get(one.facts["reference"])
        if attempt is None or one.facts["outcome"] != "sent":
            return
        for case in attempt.facts["says"]:
            resident = self.residents.get(self.cases.get(case, ""))
            # A message that began before the news does not carry it.
            if resident is not None and attempt.at >= resident.since:
                resident.heard = attempt.at
                self._renew(self.cases[case], one.at)

    def _renew(self, name: str, now: datetime) -> None:
        """Compute anew when the next message about a resident is due, and since when none may be sent."""
        resident = self.residents[name]
        if resident.duty is Duty.SILENCE:
            self.silent_since.setdefault(name, now)
        else:
            self.silent_since.pop(name, None)
        if resident.duty is Duty.HEAR:
            due, before = resident.due(), self.due.get(name)
            if due < now:
                # What a changed fact makes due in the past is due now. What was overdue before stays so.
                due = max(due, before) if before is not None and before <= now else resident.awake(now)
            self.due[name] = due
        else:
            self.due.pop(name, None)

    def _check_words(self, attempt: Happened) -> None:
        """A message must be about what is so now: no case that is over, no day but the true one."""
        for case, (day, distance) in attempt.facts["says"].items():
            name = self.cases.get(case, "")
            resident = self.residents.get(name)
            if resident is None or self.troubles.wrong_clock(attempt.at):
                continue
            silent = self.silent_since.get(name)
            if silent is not None and attempt.at > silent + ON_ITS_WAY:
                self._break(attempt.at, "needless", name, f"messaged {attempt.about} though it is {resident.state}")
            elif resident.state == "open" and resident.harm is not None:
                true = (
                    f"{resident.harm:%a} {resident.harm.day} {resident.harm:%b %Y}",
                    _distance(resident, attempt.at),
                )
                if (day, distance) != true:
                    self._break(attempt.at, "untrue", name, f"the message says {day}, {distance}; true is {true}")

    def _break(self, at: datetime, promise: str, about: str, because: str) -> None:
        self.broken.append(Broken(at.astimezone(UTC), promise, about, because))


def judge(happened: list[Happened], end: datetime) -> list[Broken]:
    return Judge(Troubles(happened, OPERATOR)).read(happened, end)


def _next_midnight(after: datetime) -> datetime:
    day = after.astimezone(LONDON).date() + timedelta(days=1)
    return datetime(day.year, day.month, day.day, tzinfo=LONDON).astimezone(UTC)


def _distance(resident: Resident, at: datetime) -> str:
    assert resident.harm is not None
    days = (resident.harm - at.astimezone(LONDON).date()).days
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}
    return near.get(days) or (f"in {days} days" if days > 0 else f"{-days} days ago")
