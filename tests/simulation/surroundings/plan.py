"""Draws the plan of a simulated month. An act can be left out of a plan without a change to the other acts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from random import Random
from typing import Any

from tests.simulation.surroundings.rules import CHOICES

COUNCILS = {"E06000009": "Blackpool", "E08000035": "Leeds"}
PROVIDERS = {"RAVN": "Raven Telecom", "HBRT": "Harbourtel"}
RESIDENTS = 3  # of each council
DAYS = 30
OPERATOR = "operator"
# The share of months in which a fault of a class is planned. A few planned faults meet nobody. If a class comes in 8 of
# 10 months, a run of 40 has it fewer than 20 times once in 200,000 runs.
MOSTLY = 0.9


class Kind(StrEnum):
    ENTRY = "entry"
    NOTICE = "notice"
    POLICY = "policy"
    CRASH = "crash"
    CLOCK = "clock"
    OUTAGE = "outage"
    REPLAY = "replay"
    CHANNEL = "channel"


class Mode(StrEnum):
    SLOW = "slow"  # accepts after 5 to 25 seconds
    DEAD = "dead"  # refuses for now
    STUTTERING = "stuttering"  # refuses most attempts for now
    LYING = "lying"  # accepts, and delivers nothing
    LATE = "late"  # answers after the deadline; the message arrives
    IN_DOUBT = "in doubt"  # breaks off; the message arrives or not
    BOUNCING = "bouncing"  # accepts, and returns the message minutes later
    REFUSING = "refusing"  # refuses for good


class Width(StrEnum):
    ONE = "one"
    COUNCIL = "council"
    COUNCILS = "councils"
    EVERYBODY = "everybody"


class Temper(StrEnum):
    PROMPT = "prompt"
    SLOW = "slow"
    ABSENT = "absent"
    WRONG = "wrong"  # acts on the wrong message, or records what cannot be


# The commits that a process may die before, named by the functions that make them.
COMMITS = (
    "_locked",
    "process",
    "run_once",
    "_run_council",
    "alert_operator",
    "claim",
    "settle",
    "cancel_delivery",
    "acknowledge",
    "act",
    "_batches",
    "recompute",
    "apply_ruleset",
    "set_policy",
    "begin_job",
)


@dataclass(frozen=True, slots=True)
class Act:
    at: datetime
    kind: Kind
    about: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.at:%a %d %b %Y %H:%M} {self.kind} {self.about} {dict(self.facts)}"


@dataclass(frozen=True, slots=True)
class Plan:
    seed: int
    start: datetime
    tempers: Mapping[str, Temper]
    acts: tuple[Act, ...]
    ends: datetime | None = None  # a month ends after 30 days; one that is shortened may end sooner

    @property
    def end(self) -> datetime:
        return self.ends or self.start + timedelta(days=DAYS)

    @property
    def residents(self) -> list[str]:
        return [f"{council}/{number}" for council in COUNCILS for number in range(RESIDENTS)]


def contacts_of(council: str) -> tuple[str, ...]:
    return tuple(f"{who}-{council.lower()}" for who in ("desk", "second", "manager"))


def council_of(contact: str) -> str:
    return contact.partition("-")[2].upper()


# The levels in the order in which they are asked: the desk and its second, the manager, the operator of Pullcord.
LEVELS = 3


def level_of(contact: str) -> int:
    return {"manager": 2, OPERATOR: LEVELS}.get(contact.partition("-")[0], 1)


def level_contacts(council: str, level: int) -> tuple[str, ...]:
    return tuple(name for name in (*contacts_of(council), OPERATOR) if level_of(name) == level)


CONTACTS = tuple(name for council in COUNCILS for name in contacts_of(council))


def draw(seed: int) -> Plan:
    dice = Random(f"plan {seed}")
    start = _start(dice)
    tempers = dict(zip(CONTACTS, _tempers(dice), strict=True))
    acts = [*_lives(dice, start), *_faults(dice, start)]
    return Plan(seed, start, tempers, tuple(sorted(acts, key=lambda act: act.at)))


def _start(dice: Random) -> datetime:
    # Most months hold one of the two changes of the clocks.
    spring, autumn, none = date(2026, 3, 8), date(2026, 10, 5), date(2026, 5, 4)
    day = dice.choice((spring, autumn)) if dice.random() < MOSTLY else none
    return datetime(day.year, day.month, day.day, 8, tzinfo=UTC) + timedelta(days=dice.randrange(18))


def _tempers(dice: Random) -> list[Temper]:
    more = len(CONTACTS) - len(Temper)
    drawn = [*Temper, *dice.choices(list(Temper), k=more)]
    dice.shuffle(drawn)
    return drawn


def _lives(dice: Random, start: datetime) -> Iterator[Act]:
    for council in COUNCILS:
        yield Act(start, Kind.POLICY, council, {"choice": dice.randrange(len(CHOICES))})
        for _ in range(dice.randrange(3)):
            yield Act(_some_time(dice, start), Kind.POLICY, council, {"choice": dice.randrange(len(CHOICES))})
        for number in range(RESIDENTS):
            yield from _life(dice, start, f"{council}/{number}")


def _life(dice: Random, start: datetime, resident: str) -> Iterator[Act]:
    at = start + timedelta(minutes=dice.randrange(1, 60 * 24 * 12))
    yield Act(at - timedelta(minutes=dice.randrange(-600, 600)), Kind.ENTRY, resident, {"ended": False})
    providers = list(PROVIDERS) if dice.random() < 0.15 else [dice.choice(list(PROVIDERS))]
    for provider in providers:
        yield from _line(dice, at + timedelta(minutes=dice.randrange(1, 600)), resident, provider)
    if dice.random() < 0.1:
        yield Act(at + timedelta(days=dice.uniform(1, 20)), Kind.ENTRY, resident, {"ended": True})


def _line(dice: Random, at: datetime, resident: str, provider: str) -> Iterator[Act]:
    planned = at.date() + timedelta(days=dice.choice((1, 3, 6, 10, 16, 25, 40, 70)))
    restriction = planned - timedelta(days=dice.randrange(1, 9)) if dice.random() < 0.25 else None
    status = "planned"
    for _ in range(1 + dice.randrange(3)):
        facts = {"provider": provider, "status": status, "planned": planned, "restriction": restriction}
        yield Act(at, Kind.NOTICE, resident, facts)
        at += timedelta(days=dice.uniform(0.1, 8))
        planned += timedelta(days=dice.randrange(-10, 20))
        status = "rescheduled"
    if dice.random() < 0.3:
        facts = {"provider": provider, "status": "withdrawn", "planned": planned, "restriction": None}
        yield Act(at, Kind.NOTICE, resident, facts)
    elif dice.random() < 0.4:
        moved = max(at, datetime(planned.year, planned.month, planned.day, 15, tzinfo=UTC))
        facts = {"provider": provider, "status": "completed", "planned": planned, "restriction": None}
        yield Act(moved, Kind.NOTICE, resident, facts)


def _faults(dice: Random, start: datetime) -> Iterator[Act]:
    for _ in range(5):
        yield Act(_some_time(dice, start), Kind.CRASH, dice.choice(COMMITS), {"seconds": dice.randrange(5, 600)})
    if dice.random() < MOSTLY:
        yield Act(_some_time(dice, start), Kind.REPLAY)
    for hours in (dice.uniform(1, 12), dice.uniform(20, 80)):
        if dice.random() < MOSTLY:
            yield Act(_some_time(dice, start), Kind.OUTAGE, facts={"hours": hours})
    for sign in (1, -1):
        if dice.random() < MOSTLY:
            wrong = {"seconds": sign * dice.choice((300, 3_600, 86_400, 200_000)), "hours": dice.uniform(0.2, 6)}
            yield Act(_some_time(dice, start), Kind.CLOCK, facts=wrong)
    for mode in Mode:
        yield from _channel_faults(dice, start, mode)


def _channel_faults(dice: Random, start: datetime, mode: Mode) -> Iterator[Act]:
    at, width = _some_time(dice, start), dice.choices(list(Width), (2, 2, 1, 1))[0]
    if dice.random() < MOSTLY:
        # Nobody can say when a message will go out, so the fault waits for one.
        early = start + (at - start) * 0.75
        yield Act(early, Kind.CHANNEL, facts={"mode": mode, "hours": _hours(dice), "width": width})
        return
    for name in affected(dice.choice(CONTACTS), width):
        yield Act(at, Kind.CHANNEL, name, {"mode": mode, "hours": _hours(dice)})


def affected(contact: str, width: Width) -> tuple[str, ...]:
    if width is Width.ONE or contact == OPERATOR:
        return (contact,)
    if width is Width.COUNCIL:
        return contacts_of(council_of(contact))
    return CONTACTS if width is Width.COUNCILS else (*CONTACTS, OPERATOR)


def _hours(dice: Random) -> float:
    return dice.uniform(0.3, 12) if dice.random() < 0.8 else dice.uniform(12, 50)


def _some_time(dice: Random, start: datetime) -> datetime:
    return start + timedelta(days=dice.uniform(0.5, DAYS - 1))
