"""Judges the history of a month by the model: nobody forgotten, nobody messaged needlessly, in time, in true words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.simulation.judging.history import Happened, What
from tests.simulation.judging.resident import Resident, State, midnight_after
from tests.simulation.judging.troubles import Troubles
from tests.simulation.judging.words import true_words
from tests.simulation.surroundings.plan import OPERATOR

# A message that was being sent when its case changed.
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
    cases: dict[str, str] = field(default_factory=dict)
    turned_at: datetime | None = None
    broken: list[Broken] = field(default_factory=list)

    def read(self, happened: list[Happened], end: datetime) -> list[Broken]:
        for one in happened:
            self._turn_days(one.at)
            self._apply(one)
        self._turn_days(end)
        return self.broken

    def _turn_days(self, until: datetime) -> None:
        """Let every midnight pass that lies before this event."""
        last = self.turned_at or until
        while (midnight := midnight_after(last)) <= until:
            for resident in self.residents.values():
                resident.look(midnight)
            last = midnight
        self.turned_at = until

    def _apply(self, one: Happened) -> None:
        if one.what is What.CASE:
            self.cases[one.facts["reference"]] = one.about
        elif one.what is What.ATTEMPT:
            self._check_words(one)
        elif one.what in (What.ENTRY, What.NOTICE, What.ACT):
            self._changed(one)

    def _changed(self, one: Happened) -> None:
        resident = self.residents.setdefault(one.about, Resident())
        if one.what is What.ENTRY:
            resident.register(one.at, ended=one.facts["ended"])
        elif one.what is What.NOTICE:
            resident.notice(one.at, one.facts["provider"], one.facts)
        else:
            resident.act(one.at, one.facts["event"], one.facts["until"])

    def _check_words(self, attempt: Happened) -> None:
        """A message must be about what is so now: no case that is over, no day or state but the true one."""
        if self.troubles.wrong_clock(attempt.at):
            return
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

    def _settled(self, case: str, at: datetime) -> Resident | None:
        """Return the resident of a case if the model knows what is so, and if that is not so only just now."""
        resident = self.residents.get(self.cases.get(case, ""))
        if resident is None or resident.unsure or at < resident.changed + ON_ITS_WAY:
            return None
        return resident

    def _break(self, at: datetime, promise: str, about: str, because: str) -> None:
        self.broken.append(Broken(at.astimezone(UTC), promise, about, because))


def judge(happened: list[Happened], end: datetime) -> list[Broken]:
    return Judge(Troubles(happened, OPERATOR)).read(happened, end)
