from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from random import Random

from services.alerts.delivery.channels.pool import TIMED_OUT, OnResult, SendJob
from services.alerts.delivery.channels.port import ACCEPTED, SendOutcome, SendResult
from tests.simulation.judging.history import Record, What
from tests.simulation.surroundings.crashes import Crashes
from tests.simulation.surroundings.plan import Act, Mode, affected

TEMPORARY = SendResult(SendOutcome.FAILED_TEMPORARY, "smtp_451")
PERMANENT = SendResult(SendOutcome.FAILED_PERMANENT, "smtp_550")
BROKEN_OFF = SendResult(SendOutcome.IN_DOUBT, "connection_lost")
# The deadline of the real pool with its grace.
DEADLINE = 31.0
# A case in the text of a message: its reference, day and distance, and below them what is said of its state.
_ROW = re.compile(r"^(C-\w{4}-\w{4})  (.{15})  (.{12}).*\n((?: {13}.*\n?)+)", re.MULTILINE)
_REFERENCE = re.compile(r"C-\w{4}-\w{4}")
# The words of a message for the states that wake people or ask for a test call. Every other state is "open".
_STATES = {
    "calls already restricted": "restricted",
    "switched before anyone confirmed": "moved before it was safe",
    "switched, test call due": "moved, test call due",
}
_WITHDRAWN = "No longer planned"

Acted = Callable[[], None]


class Look(IntEnum):
    NOTHING = 0
    OUTCOMES = 1  # writes the outcomes of attempts, and sends what is due
    EVERYTHING = 2
    AT_ONCE = 3  # the same, also while channels keep failing


# Calls a function after a number of seconds of true time, and then lets the service look.
Later = Callable[[float, Acted, Look], None]


@dataclass(frozen=True, slots=True)
class Fate:
    # Times are in seconds after the start of the attempt. None means never.
    result: SendResult = ACCEPTED
    answers: float = 0.0
    arrives: float | None = 0.0
    bounces: float | None = None


@dataclass
class Channels:
    seed: int
    record: Record
    mends_at: Callable[[datetime], None]  # is told when a fault will be over
    modes: dict[str, tuple[Mode, datetime]] = field(default_factory=dict)
    # Faults that begin with the next attempt at a channel that has none.
    waiting: list[Act] = field(default_factory=list)

    def faulty(self, now: datetime) -> bool:
        return any(until > now for _, until in self.modes.values())

    def fail(self, act: Act, names: Iterable[str], now: datetime) -> None:
        mode, until = Mode(act.facts["mode"]), now + timedelta(hours=act.facts["hours"])
        for name in names:
            self.modes[name] = mode, until
            self.record.note(now, What.CHANNEL, name, mode=str(mode), until=until)
        self.mends_at(until)

    def meet(self, contact: str, now: datetime) -> None:
        _, until = self.modes.get(contact, (None, now))
        if self.waiting and until <= now:
            act = self.waiting.pop(0)
            self.fail(act, affected(contact, act.facts["width"]), now)

    def fate(self, contact: str, reference: str, now: datetime) -> Fate:
        mode, until = self.modes.get(contact, (None, now))
        if mode is None or until <= now:
            return Fate()
        # Drawn for this attempt alone, so that no other attempt changes it.
        return _fate(mode, Random(f"{self.seed} {reference} {now}"))


def _fate(mode: Mode, dice: Random) -> Fate:
    fates = {
        Mode.SLOW: Fate(answers=dice.uniform(5, 25), arrives=4.0),
        Mode.DEAD: Fate(TEMPORARY, dice.uniform(0, 20), None),
        Mode.STUTTERING: Fate() if dice.random() < 0.2 else Fate(TEMPORARY, dice.uniform(0, 20), None),
        Mode.LYING: Fate(arrives=None),
        Mode.LATE: Fate(TIMED_OUT, DEADLINE, dice.uniform(40, 600)),
        Mode.IN_DOUBT: Fate(BROKEN_OFF, 2.0, dice.choice((1.0, None))),
        Mode.BOUNCING: Fate(arrives=None, bounces=dice.uniform(60, 3_600)),
        Mode.REFUSING: Fate(PERMANENT, 1.0, None),
    }
    return fates[mode]


@dataclass
class VirtualPool:
    channels: Channels
    crashes: Crashes
    record: Record
    now: Callable[[], datetime]
    later: Later
    arrived: Callable[[str, SendJob], None]
    failures: int = 0
    closed: bool = False

    def places(self) -> int:
        return 100

    def places_at(self, destination: str) -> int:
        return 8

    def holds(self, destination: str) -> bool:
        return False

    def close(self, timeout: float) -> bool:
        self.closed = True
        return True

    def begin(self, job: SendJob, on_result: OnResult) -> None:
        self.crashes.reach("begin_job")
        contact = job.route.partition("://")[2].removesuffix(".example")
        self.channels.meet(contact, self.now())
        fate = self.channels.fate(contact, job.reference, self.now())
        over = job.message.subject.startswith(_WITHDRAWN)
        said = {"over": sorted(_REFERENCE.findall(job.message.text))} if over else {"says": _says(job.message.text)}
        self.record.note(self.now(), What.ATTEMPT, contact, reference=job.reference, **said)
        if fate.result is not ACCEPTED:
            self.failures += 1
        elif not self.channels.faulty(self.now()):
            self.failures = 0
        if fate.arrives is not None:
            self.later(fate.arrives, lambda: self.arrived(contact, job), Look.NOTHING)
        if fate.bounces is not None:
            self.later(fate.bounces, lambda: self.record.note(self.now(), What.BOUNCE, contact), Look.NOTHING)
        if fate.answers:
            self.later(fate.answers, lambda: self._answer(contact, job, fate, on_result), Look.OUTCOMES)
        else:
            self._answer(contact, job, fate, on_result)

    def _answer(self, contact: str, job: SendJob, fate: Fate, on_result: OnResult) -> None:
        if not self.closed:
            outcome = fate.result.outcome.value
            self.record.note(self.now(), What.ANSWER, contact, reference=job.reference, outcome=outcome)
            on_result(job, fate.result)


def _says(text: str) -> dict[str, tuple[str, str, str]]:
    return {
        case: (day.strip(), distance.strip(), _state(" ".join(below.split())))
        for case, day, distance, below in _ROW.findall(text)
    }


def _state(words: str) -> str:
    return next((state for said, state in _STATES.items() if said in words.lower()), "open")


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)
