from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from services.alerts.policy.rota.calendar_events import CalendarRefusedError
from services.alerts.policy.rota.calendar_import import read_overrides
from services.alerts.policy.rota.rota_settings import Rota
from services.alerts.policy.rota.spans import TimeSpan
from tests.unit.alerts.policy.rota.rotas import MONDAY, PEOPLE, TWO_YEARS, at, weekly

ALL = TimeSpan(*TWO_YEARS)
ROTA = Rota(layers=(weekly(),))
CONTACTS = frozenset([*PEOPLE, "Jo"])
STAMP = at(MONDAY)
DAY = timedelta(days=1)


def event(*lines: str, summary: str = "Jo") -> str:
    return "\r\n".join(["BEGIN:VEVENT", f"SUMMARY:{summary}", *lines, "END:VEVENT", ""])


def calendar(*events: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *events, "END:VCALENDAR", ""]).encode()


def read(*lines: str, rota: Rota = ROTA) -> list[tuple[datetime, datetime]]:
    return [(one.begins, one.ends) for one in read_overrides(calendar(event(*lines)), rota, CONTACTS, ALL)]


def refusal(data: bytes, rota: Rota = ROTA) -> str:
    with pytest.raises(CalendarRefusedError) as caught:
        read_overrides(data, rota, CONTACTS, ALL)
    return str(caught.value)


EVER = "RRULE:FREQ=DAILY;UNTIL=99991231T235959Z"
LONDON_NIGHT = ("DTSTART;TZID=Europe/London:20260327T220000", "DTEND;TZID=Europe/London:20260328T070000")
