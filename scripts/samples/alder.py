from __future__ import annotations

from datetime import timedelta
from typing import Final

from scripts.samples.days import in_days
from scripts.samples.homes import Town
from scripts.samples.notices import Desk, Notice, moment
from scripts.samples.subjects import Subject

# The number of lines in Alder's file that are related to the registers.
ALDER_RELATED: Final = 24

_STANDINGS: Final = ("completed",) * 6 + ("reverted",) * 3 + ("paused",) * 3 + ("withdrawn",) * 3
_AFTER_THE_DAY: Final = frozenset({"completed", "reverted"})
_SUPERSEDED: Final = 3
_REISSUED: Final = 2


def alder_notices(desk: Desk, subjects: list[Subject], blackpool: Town, cardiff: Town) -> list[Notice]:
    left = iter(subjects)
    notices = _areas(desk, blackpool, cardiff)
    notices += [_standing(desk, next(left), status) for status in _STANDINGS]
    for _ in range(_SUPERSEDED):
        notices += _superseded(desk, next(left))
    for _ in range(_REISSUED):
        notices += _reissued(desk, next(left))
    return [*notices, *map(desk.line, left)]


def _areas(desk: Desk, blackpool: Town, cardiff: Town) -> list[Notice]:
    # Every form of an area: sector, outward code, postcodes, exchange, and one invalid code.
    barred = {"restriction_start_date": in_days(20), "restriction_kind": "outgoing_barred"}
    return [
        desk.area(["FY1 7"], 40),
        desk.area(["CF24"], 70),
        desk.area(_postcodes(cardiff, "CF5 8", 5), 12),
        desk.area(_postcodes(blackpool, "FY3 4", 3), 48, **barred),
        desk.area(_postcodes(blackpool, "FY4 0", 4), 100, scope="exchange", exchange="Fylde Shore"),
        desk.area([], 130, scope="exchange", exchange="Tidewater"),
        desk.area([*_postcodes(blackpool, "FY2 5", 1), "Fylde"], 90),
    ]


def _postcodes(town: Town, sector: str, size: int) -> list[str]:
    return [street.postcode for street in town.streets if street.postcode.startswith(sector)][:size]


def _standing(desk: Desk, subject: Subject, status: str) -> Notice:
    # Nobody has confirmed that these lines are safe.
    if status not in _AFTER_THE_DAY:
        return desk.line(subject, horizon=(10, 60)) | {"status": status}
    notice = desk.line(subject, horizon=(-12, -3))
    planned = min(notice["planned_migration_date"], in_days(-2))
    issued = moment(planned + timedelta(days=1), desk.random)
    return notice | {"planned_migration_date": planned, "status": status, "issued_at": issued}


def _superseded(desk: Desk, subject: Subject) -> list[Notice]:
    # The second notice replaces the first. It has a reference of its own and an earlier day.
    first = desk.line(subject, horizon=(60, 90))
    second = desk.line(subject, horizon=(9, 20)) | {"status": "rescheduled", "supersedes": first["provider_reference"]}
    return [
        first | {"issued_at": moment(in_days(-40), desk.random)},
        second | {"issued_at": moment(in_days(-2), desk.random)},
    ]


def _reissued(desk: Desk, subject: Subject) -> list[Notice]:
    # Both notices have the same reference, so only the later one counts.
    first, second = desk.line(subject, horizon=(20, 40)), desk.line(subject, horizon=(60, 90))
    later = {"provider_reference": first["provider_reference"], "status": "rescheduled"}
    return [
        first | {"issued_at": moment(in_days(-30), desk.random)},
        second | later | {"issued_at": moment(in_days(-3), desk.random)},
    ]
