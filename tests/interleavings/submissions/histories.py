from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from random import Random

from tests.interleavings.submissions.lines import KINDS, Row
from tests.interleavings.submissions.pace import Pace
from tests.support.clock import START

PROVIDERS = ("RAVN", "LARK")
COUNCILS = ("E06000008", "E06000009")
# A submission is late by at most this many turns, so that later submissions may overtake it.
DISORDER = 1.5
LATER_DEEDS = (0, 1, 1, 1, 2, 3)


class Act(StrEnum):
    POST = "post notices"
    PUT = "put entries"
    WITHDRAW = "withdraw entries"


@dataclass(frozen=True, slots=True)
class Deed:
    # Deeds with the same turn may run at the same time.
    turn: int
    act: Act
    feed: str
    row: Row


@dataclass(frozen=True, slots=True)
class Submission:
    act: Act
    feed: str
    rows: tuple[Row, ...]


@dataclass
class Pair:
    number: int
    noise: Random
    deeds: list[Deed] = field(default_factory=list)

    def __post_init__(self) -> None:
        kind = self.noise.choices(KINDS, (2, 2, 1))[0]
        # Neighbouring pairs share lines. A record that moves may match the record of another pair.
        self.homes = [kind(self.number // 2), kind(self.number // 2 + 1)]
        self.provider = f"provider:{self.noise.choice(PROVIDERS)}"
        self.council = f"council:{self.noise.choice(COUNCILS)}"
        self.notice = {"id": f"n{self.number}", "planned_migration_date": "2026-12-03", **self.homes[0]}
        self.entry = {"entry_id": f"e{self.number}", **self.homes[self.noise.random() < 0.3]}

    def post(self) -> None:
        self._do(Act.POST, self.provider, {**self.notice, "issued_at": self._stamp()})

    def put(self) -> None:
        # This also puts a withdrawn entry back on the register.
        self._do(Act.PUT, self.council, {**self.entry, "updated_at": self._stamp()})

    def move_notice(self) -> None:
        self.notice.update(self._another_home(self.notice))
        self.post()

    def move_entry(self) -> None:
        self.entry.update(self._another_home(self.entry))
        self.put()

    def date_notice_anew(self) -> None:
        self.notice["planned_migration_date"] = f"2027-01-{1 + len(self.deeds):02}"
        self.post()

    def say_more_of_entry(self) -> None:
        self.entry["arc_name"] = f"Arc {len(self.deeds)}"
        self.put()

    def withdraw_entry(self) -> None:
        self._do(Act.WITHDRAW, self.council, {"entry_id": self.entry["entry_id"]})

    def replace_notice(self) -> None:
        self.notice = {**self.notice, "id": f"{self.notice['id']}-a", "supersedes": self.notice["id"]}
        self.post()

    def _another_home(self, record: Row) -> Row:
        here = self.homes[0].items() <= record.items()
        return self.homes[1] if here else self.homes[0]

    def _stamp(self) -> str:
        return (START + timedelta(seconds=len(self.deeds))).isoformat()

    def _do(self, act: Act, feed: str, row: Row) -> None:
        self.deeds.append(Deed(self._turn(feed), act, feed, row))

    def _turn(self, feed: str) -> int:
        after = max((deed.turn + 1 for deed in self.deeds if deed.feed == feed), default=0)
        beside = max((deed.turn for deed in self.deeds), default=0)
        return max(after, beside + (self.noise.random() < 0.4))


# Later deeds of a pair, each with its relative frequency.
LATER: Sequence[tuple[int, Callable[[Pair], None]]] = (
    (6, Pair.move_notice),
    (6, Pair.move_entry),
    (1, Pair.date_notice_anew),
    (1, Pair.say_more_of_entry),
    (2, Pair.replace_notice),
    (1, Pair.withdraw_entry),
)


def history(noise: Random, number: int) -> list[Deed]:
    # The deeds are in the order of their turns.
    pair = Pair(number, noise)
    for deed in noise.sample((Pair.post, Pair.put), 2):
        deed(pair)
    weights, deeds = zip(*LATER, strict=True)
    for deed in noise.choices(deeds, weights, k=noise.choice(LATER_DEEDS)):
        deed(pair)
    return pair.deeds


def submissions(noise: Random, pairs: range, pace: Pace) -> Iterator[Submission]:
    for start in range(0, len(pairs), pace.wave):
        numbers = pairs[start : start + pace.wave]
        yield from _wave(noise, pace, (deed for number in numbers for deed in history(noise, number)))


def _wave(noise: Random, pace: Pace, deeds: Iterable[Deed]) -> Iterator[Submission]:
    together: dict[tuple[int, Act, str], list[Row]] = defaultdict(list)
    for deed in deeds:
        together[deed.turn, deed.act, deed.feed].append(deed.row)
    batches = [
        (turn + noise.uniform(0, DISORDER), Submission(act, feed, part))
        for (turn, act, feed), rows in together.items()
        for part in _parts(noise, pace, rows)
    ]
    yield from (batch for _, batch in sorted(batches, key=lambda placed: placed[0]))


def _parts(noise: Random, pace: Pace, rows: Sequence[Row]) -> Iterator[tuple[Row, ...]]:
    start = 0
    while start < len(rows):
        size = noise.randint(*pace.batch)
        yield tuple(rows[start : start + size])
        start += size
