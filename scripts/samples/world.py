from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from scripts.samples.alder import ALDER_RELATED, alder_notices
from scripts.samples.harbour import harbour_rows, spoil
from scripts.samples.homes import SECTORS, Town, uprns
from scripts.samples.notices import Desk, Notice
from scripts.samples.numbers import Numbers
from scripts.samples.registers import Cell, blackpool_rows, cardiff_rows
from scripts.samples.services import Service, council_services
from scripts.samples.subjects import Relation, Subject, related, unrelated

RAVEN_SIZE: Final = 3_000
HARBOUR_SIZE: Final = 1_900
ALDER_SIZE: Final = 100
BLACKPOOL_SIZE: Final = 300
CARDIFF_SIZE: Final = 200

_RAVEN_SHARE: Final = 0.65
_FIRST_UPRN: Final = {"Blackpool": 99_994_312_617, "Cardiff": 999_943_126_178}
_FIRST_UPRN_ELSEWHERE: Final = 999_971_204_933
_BROKEN_HARBOUR_ROWS: Final = 6


@dataclass(frozen=True, slots=True)
class World:
    services: list[Service]
    # The lines that have something in common with a register.
    subjects: list[Subject]
    blackpool: list[list[str]]
    cardiff: list[list[Cell]]
    raven: list[Notice]
    harbour: list[list[str]]
    alder: list[Notice]


def world(seed: int) -> World:
    random = Random(seed)
    numbers = Numbers(random)
    elsewhere = uprns(_FIRST_UPRN_ELSEWHERE)
    towns = {
        name: Town(name, uprns(_FIRST_UPRN[name]) if name in _FIRST_UPRN else elsewhere, random) for name in SECTORS
    }
    blackpool = council_services(towns["Blackpool"], "BTC", BLACKPOOL_SIZE, numbers, random)
    cardiff = council_services(towns["Cardiff"], "CT", CARDIFF_SIZE, numbers, random)
    services = [*blackpool, *cardiff]
    subjects = related(services, towns, numbers, random)
    spare = unrelated(services, towns, RAVEN_SIZE + HARBOUR_SIZE + ALDER_SIZE - len(subjects), numbers, random)
    for_alder, for_raven, for_harbour = _shared_out(subjects, random)
    return World(
        services,
        subjects,
        blackpool_rows(blackpool, random),
        cardiff_rows(cardiff, random),
        _raven(for_raven, spare, random),
        _harbour(for_harbour, spare, random),
        _alder(for_alder, spare, towns, random),
    )


def _shared_out(subjects: list[Subject], random: Random) -> tuple[list[Subject], list[Subject], list[Subject]]:
    # Alder gets only lines whose number is in a register, because its file shows statuses and no unsure matches.
    by_number = [one for one in subjects if one.relation is Relation.NUMBER]
    alder = random.sample(by_number, ALDER_RELATED)
    rest = [one for one in subjects if one not in alder]
    random.shuffle(rest)
    cut = round(len(rest) * _RAVEN_SHARE)
    return alder, rest[:cut], rest[cut:]


def _filled(subjects: list[Subject], spare: list[Subject], size: int, random: Random) -> list[Subject]:
    filled = [*subjects, *(spare.pop() for _ in range(size - len(subjects)))]
    random.shuffle(filled)
    return filled


def _raven(subjects: list[Subject], spare: list[Subject], random: Random) -> list[Notice]:
    desk = Desk("RAVN", "RT-", random)
    lines = _filled(subjects, spare, RAVEN_SIZE, random)
    notices = [desk.line(one) for one in lines]
    places = _unrelated_places(lines, len(_FAULTS), random)
    for place, fault in zip(places, _FAULTS, strict=True):
        notices[place] = fault(notices[place])
    return notices


# These functions break a notice on purpose, so that the samples show refusals.
_FAULTS: Final[tuple[Callable[[Notice], Notice], ...]] = (
    lambda notice: notice | {"planned_migration_date": "early next year"},
    lambda notice: notice | {"planned_migration_date": "2027-02-30"},
    lambda notice: notice | {"planned_migration_date": "1900-01-01"},
    lambda notice: {field: value for field, value in notice.items() if field != "id"},
)


def _harbour(subjects: list[Subject], spare: list[Subject], random: Random) -> list[list[str]]:
    desk = Desk("HBRT", "HT", random)
    lines = _filled(subjects, spare, HARBOUR_SIZE, random)
    notices = [desk.line(one) for one in lines]
    rows = harbour_rows([notice | {"cli": one.number} for notice, one in zip(notices, lines, strict=True)], random)
    spoil(rows, _unrelated_places(lines, _BROKEN_HARBOUR_ROWS, random))
    return rows


def _alder(subjects: list[Subject], spare: list[Subject], towns: dict[str, Town], random: Random) -> list[Notice]:
    desk = Desk("ALDR", "AB-", random)
    notices = alder_notices(desk, subjects, towns["Blackpool"], towns["Cardiff"])
    return [*notices, *(desk.line(spare.pop()) for _ in range(ALDER_SIZE - len(notices)))]


def _unrelated_places(lines: list[Subject], size: int, random: Random) -> list[int]:
    # Only unrelated lines are broken. A fault in a related line would hide a match that the samples should show.
    return random.sample([place for place, one in enumerate(lines) if one.relation is Relation.NONE], size)
