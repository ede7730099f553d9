from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.simulation.judging import bounds
from tests.simulation.judging.duty import Due, Duty, Heard
from tests.simulation.judging.history import Happened, What
from tests.simulation.judging.needless import LATELY, Pace
from tests.simulation.judging.resident import LONDON, OVER, Resident, State, midnight_after
from tests.simulation.judging.troubles import Troubles
from tests.simulation.judging.words import true_words
from tests.simulation.surroundings.plan import LEVELS, level_contacts, level_of
from tests.simulation.surroundings.rules import Numbers


@dataclass(frozen=True, slots=True)
class Broken:
    at: datetime
    promise: str
    about: str
    because: str

    def __str__(self) -> str:
        return f"{self.at:%a %d %b %Y %H:%M:%S} {self.promise}: {self.about}: {self.because}"


@dataclass
class Judge:
    troubles: Troubles
    residents: dict[str, Resident] = field(default_factory=dict)
    heard: dict[str, Heard] = field(default_factory=dict)
    numbers: dict[str, Numbers] = field(default_factory=dict)
    cases: dict[str, str] = field(default_factory=dict)
    attempts: dict[str, Happened] = field(default_factory=dict)
    due: dict[str, dict[str, Due]] = field(default_factory=dict)
    # What was counted as broken, and is not counted again before the next message, act or news.
    counted: set[tuple[str, str]] = field(default_factory=set)
    pace: Pace = field(default_factory=Pace)
    turned_at: datetime | None = None
    broken: list[Broken] = field(default_factory=list)

    def read(self, happened: list[Happened], end: datetime) -> list[Broken]:
        # A message that goes out in the moment of the news may stand before the news of the case.
        self.cases = {one.facts["reference"]: one.about for one in happened if one.what is What.CASE}
        for one in happened:
            self._turn_days(one.at)
            self._check_due(one.at)
            self._apply(one)
        self._turn_days(end)
        self._check_due(end)
        return self.broken

    def _turn_days(self, until: datetime) -> None:
        last = self.turned_at or until
        while (midnight := midnight_after(last)) <= until:
            self._check_due(midnight)
            for name, resident in self.residents.items():
                since = resident.since
                resident.look(midnight)
                self._renew(name, midnight, anew=resident.since != since)
            last = midnight
        self.turned_at = until

    def _check_due(self, now: datetime) -> None:
        for name, dues in self.due.items():
            for kind, due in list(dues.items()):
                if due.at + timedelta(minutes=6) >= now:
                    continue
                duty, latest = self._duty(name), self._latest(name, due)
                if now > latest:
                    self._break(latest, _PROMISES[kind], name, _why(duty, due))
                    self.counted.add((name, kind))
                    del dues[kind]

    def _latest(self, name: str, due: Due) -> datetime:
        duty = self._duty(name)
        return self.troubles.latest(self._slots(name, due), _council(name), due.level, duty.step(due.at), duty.awake)

    def _slots(self, name: str, due: Due) -> dict[str, datetime]:
        duty, people = self._duty(name), level_contacts(_council(name), due.level)
        return {one: duty.awake(duty.slot(due.at, self.pace.had.get(one, ()))) for one in people}

    def _apply(self, one: Happened) -> None:
        if one.what is What.POLICY:
            self._new_policy(one)
        elif one.what is What.ATTEMPT:
            self.attempts[one.facts["reference"]] = one
            self._check_words(one)
            self._check_need(one)
            self._tried(one)
        elif one.what is What.ANSWER:
            self._answered(one)
        elif one.what in (What.ENTRY, What.NOTICE, What.ACT):
            self._changed(one)
        elif one.what is What.CLOCK and one.facts["seconds"] < 0:
            for heard in self.heard.values():
                heard.pause_in_doubt = True

    def _new_policy(self, one: Happened) -> None:
        names = [name for name in self.residents if name.startswith(one.about)]
        waiting = {name: self._waiting(name, one.at) for name in names}
        self.numbers[one.about] = one.facts["numbers"]
        for name in names:
            self._shorten_pause(name, one.at)
            self._renew(name, one.at, waiting=waiting[name])

    def _shorten_pause(self, name: str, at: datetime) -> None:
        duty, heard = self._duty(name), self.heard[name]
        # A process that ended just then may have written the shorter pause before it ended, or when it was back.
        until = duty.shortened_pause(heard.paused, self.troubles.up_from(at))
        heard.pause(until, duty.earliest_shortened_pause(heard.earliest, at))

    def _waiting(self, name: str, now: datetime) -> set[str]:
        # What is not late yet when a policy comes is written anew by that policy.
        return {kind for kind, due in self.due.get(name, {}).items() if self._latest(name, due) > now}

    def _changed(self, one: Happened) -> None:
        resident = self.residents.setdefault(one.about, Resident())
        heard = self.heard.setdefault(one.about, Heard())
        since, harm, was_over = resident.since, resident.harm, resident.state in OVER
        if one.what is What.ENTRY:
            resident.register(one.at, ended=one.facts["ended"])
        elif one.what is What.NOTICE:
            resident.notice(one.at, one.facts["provider"], one.facts)
        else:
            resident.act(one.at, one.facts["event"], one.facts["until"])
            if resident.acted == one.at:
                duty, is_step = self._duty(one.about), one.facts["event"] != "acknowledge"
                heard.pause(duty.pause(one.at, is_step=is_step), duty.earliest_end_of_pause(one.at, is_step=is_step))
            heard.forget()
        if resident.harm != harm:
            # News ends the pause anyway, but a later day is no news.
            self._shorten_pause(one.about, one.at)
        if was_over and resident.state not in OVER:
            heard.forget()
        # A later day is no news: a message that was overdue before it stays overdue since then.
        self._renew(one.about, one.at, anew=one.what is What.ACT or resident.since != since)

    def _tried(self, attempt: Happened) -> None:
        for case in attempt.facts.get("says", {}):
            name = self.cases.get(case)
            if name is not None and self.heard[name].trying is None:
                self.heard[name].trying = attempt.at
                self._renew(name, attempt.at)

    def _answered(self, one: Happened) -> None:
        attempt = self.attempts.get(one.facts["reference"])
        if attempt is None or one.facts["outcome"] != "sent":
            return
        names = [self.cases[case] for case in attempt.facts.get("says", {}) if case in self.cases]
        self.pace.accept(one.about, names, one.at)
        for name in names:
            # A message that began before the news does not carry it.
            if attempt.at >= self.residents[name].since:
                at = self.troubles.shown(one.at)
                self.heard[name].accept(attempt.facts["reference"], one.about, at)
                self._renew(name, one.at, anew=True)

    def _renew(self, name: str, now: datetime, *, anew: bool = False, waiting: Collection[str] | None = None) -> None:
        # `waiting` is given if a policy has come.
        duty, before = self._duty(name), {} if anew else self.due.get(name, {})
        self.counted -= {(name, kind) for kind in _PROMISES} if anew else set()
        if duty.resident.since > duty.heard.since:
            duty.heard.hear_news(duty.resident.since)
        found = duty.all_due()
        for kind, due in found.items():
            if due.at < now:
                # What a changed fact makes due in the past is due now. What was overdue before stays so, and what was
                # put off to a start of the day stays put off, also if the harmful day has become close meanwhile.
                known = before[kind].at if kind in before else now
                overdue = kind in before and known <= now and kind not in (waiting or ())
                put_off = now if waiting is not None else known
                found[kind] = Due(max(due.at, known) if overdue else max(put_off, duty.awake(now)), due.level)
        self.due[name] = {kind: due for kind, due in found.items() if (name, kind) not in self.counted}

    def _duty(self, name: str) -> Duty:
        return Duty(self.residents[name], self.heard[name], self.numbers.get(_council(name), Numbers()))

    def _check_words(self, attempt: Happened) -> None:
        for case, said in attempt.facts.get("says", {}).items():
            resident = self._settled(case, attempt.at)
            if resident is None:
                continue
            if resident.silent:
                because = f"messaged {attempt.about} though it is {resident.state}"
                self._break(attempt.at, "needless", self.cases[case], because)
            elif said != (true := true_words(resident, attempt.at)):
                because = f"the message says {', '.join(said)}; true is {', '.join(true)}"
                self._break(attempt.at, "untrue", self.cases[case], because)
        for case in attempt.facts.get("over", ()):
            resident = self._settled(case, attempt.at)
            if resident is not None and resident.state is not State.WITHDRAWN:
                because = f"the message says that it is over; true is {resident.state}"
                self._break(attempt.at, "untrue", self.cases[case], because)

    def _check_need(self, attempt: Happened) -> None:
        says = attempt.facts.get("says", {})
        if (
            not says
            or level_of(attempt.about) == LEVELS
            or any(self._settled(case, attempt.at) is None for case in says)
        ):
            return
        # While a message to a colleague fails, a person may get the same once more.
        council = _council(self.cases[next(iter(says))])
        people = (name for level in range(1, LEVELS) for name in level_contacts(council, level))
        if self.troubles.troubled(people, attempt.at - LATELY, attempt.at):
            return
        why = self.pace.why_needless(attempt, {self.cases[case]: self._duty(self.cases[case]) for case in says})
        if why is not None:
            self._break(attempt.at, "needless", ", ".join(self.cases[case] for case in says), why)

    def _settled(self, case: str, at: datetime) -> Resident | None:
        """Return the resident of the case, or None if the resident's present state is uncertain."""
        resident = self.residents.get(self.cases.get(case, ""))
        if resident is None or resident.unsure or at < resident.changed + bounds.ON_ITS_WAY:
            return None
        # A wrong clock may have effects for some time.
        return None if self.troubles.wrong_clock(at) else resident

    def _break(self, at: datetime, promise: str, about: str, because: str) -> None:
        self.broken.append(Broken(at.astimezone(UTC), promise, about, because))


_PROMISES = {"first": "forgotten", "reminder": "not in time", "silence": "nobody else asked"}


def _why(duty: Duty, due: Due) -> str:
    return f"{duty.resident.state}, level {due.level}, due {due.at.astimezone(LONDON):%a %d %b %H:%M:%S}"


def _council(name: str) -> str:
    return name.partition("/")[0]


def judge(happened: list[Happened], end: datetime) -> list[Broken]:
    return Judge(Troubles(happened)).read(happened, end)
