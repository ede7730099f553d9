from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from random import Random
from typing import Any, Final

from scripts.samples.days import Timing, in_days, timing
from scripts.samples.numbers import digits
from scripts.samples.subjects import Relation, Subject
from services.runtime.demo.samples import BASE_DAY

Notice = dict[str, Any]

_KINDS: Final = {"voluntary": 35, "non_voluntary": 45, "unknown": 20}
_TARGETS: Final = {"voip": 86, "pdpl": 8, "cease": 3, "evac": 1, "unknown": 2}
_STATUSES: Final = {"planned": 93, "rescheduled": 4, "paused": 1, "withdrawn": 2}
_RESTRICTIONS: Final = {"outgoing_diverted": 60, "outgoing_barred": 35, "incoming_barred": 5}
_METHODS: Final = ("letter", "email", "sms", "call", "door")
_COMPLETED_SHARE: Final = 0.3
_TELECARE_KNOWN_SHARE: Final = 0.4


class Desk:
    def __init__(self, rcpid: str, prefix: str, random: Random) -> None:
        self.rcpid = rcpid
        self.random = random
        self._prefix = prefix
        self._serial = count(random.randrange(20_000, 60_000))

    def reference(self) -> str:
        return f"{self._prefix}{next(self._serial):06}"

    def line(self, subject: Subject, *, horizon: tuple[int, int] | None = None) -> Notice:
        kind = _pick(_KINDS, self.random)
        when = timing(self.random, may_restrict=kind == "non_voluntary", horizon=horizon)
        reference = self.reference()
        return {
            "id": f"{self.rcpid}-{reference}",
            "provider_id": self.rcpid,
            "provider_reference": reference,
            "cli": digits(subject.number),
            **_place(subject),
            "migration_kind": kind,
            **_screening(subject, kind, self.random),
            **_dates(when, kind, self.random),
            "target_service": _pick(_TARGETS, self.random),
            **_standing(when, self.random),
        }

    def area(self, codes: list[str], days: int, **more: object) -> Notice:
        reference = self.reference()
        return {
            "id": f"{self.rcpid}-{reference}",
            "provider_id": self.rcpid,
            "provider_reference": reference,
            "scope": "postcode",
            "area_codes": codes,
            "migration_kind": "non_voluntary",
            "planned_migration_date": in_days(days),
            "target_service": "voip",
            "status": "planned",
            "issued_at": moment(in_days(-14), self.random),
            **more,
        }


def moment(day: date, random: Random) -> datetime:
    return datetime.combine(day, time(random.randrange(9, 17), random.randrange(60)), UTC)


def _place(subject: Subject) -> Notice:
    home = subject.home
    uprn = {"uprn": subject.uprn} if subject.uprn else {}
    return uprn | {"address_lines": subject.lines, "post_town": home.town, "postcode": home.postcode}


def _screening(subject: Subject, kind: str, random: Random) -> Notice:
    # A field that the provider does not know is left out. It is not sent empty.
    found: Notice = {}
    if kind == "non_voluntary":
        found |= {"customer_engaged": False, "line_used_last_12_months": True}
    if subject.relation not in {Relation.NONE, Relation.OTHER_FLAT} and random.random() < _TELECARE_KNOWN_SHARE:
        found |= {"telecare_known": True, "arc_number_dialled": random.random() < 0.7}
    elif random.random() < _TELECARE_KNOWN_SHARE:
        found |= {"telecare_known": False}
    return found


def _dates(when: Timing, kind: str, random: Random) -> Notice:
    dates: Notice = {"planned_migration_date": when.planned}
    if when.restricted:
        dates |= {"restriction_start_date": when.restricted, "restriction_kind": _pick(_RESTRICTIONS, random)}
    if kind == "non_voluntary":
        dates["customer_contacts"] = _contacts(when, random)
    return dates


def _contacts(when: Timing, random: Random) -> list[dict[str, object]]:
    # The checklist asks for at least two contacts after the notice.
    span = (BASE_DAY - when.issued).days
    methods = random.sample(_METHODS, random.randint(2, 3))
    days = sorted(random.randrange(span) for _ in methods)
    return [
        {"method": method, "date": when.issued + timedelta(days=day)} for method, day in zip(methods, days, strict=True)
    ]


def _standing(when: Timing, random: Random) -> Notice:
    if when.planned < BASE_DAY and random.random() < _COMPLETED_SHARE:
        # Issued the day after the migration, but not after the base day.
        return {"status": "completed", "issued_at": moment(min(when.planned + timedelta(days=1), in_days(-1)), random)}
    return {"status": _pick(_STATUSES, random), "issued_at": moment(when.issued, random)}


def _pick(shares: dict[str, int], random: Random) -> str:
    return random.choices(list(shares), list(shares.values()))[0]
