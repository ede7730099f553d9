from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, get_args

from pydantic import AwareDatetime

from schemas.codes import CaseEvent
from services.alerts.states.records import RECORD_FOR, ConfirmingParty, ContactMethod, SolutionKind
from services.core.clock import london_day
from services.core.errors import RefusedError
from services.ingest.files.dates import read_date, read_moment
from services.ingest.files.words import read_yes_no

# The day number of a spreadsheet. A cell may hold a day number, but nobody types one, so here it is a slip.
_SERIAL: Final = re.compile(r"\d{5}(?:\.\d+)?")
_NOT_LETTERS: Final = re.compile(r"[^a-z0-9]+")

# The words that people use, and the code that each stands for. Like the words of imports, they are the project's own.
_WORDS: Final[Mapping[type[StrEnum], Mapping[StrEnum, str]]] = {
    ContactMethod: {
        ContactMethod.CALL: "phone, phoned, phone call, telephone, telephoned, telephone call, tel, rang, ring, called",
        ContactMethod.DOOR: "visit, visited, home visit, knock, in person, face to face, knocked",
        ContactMethod.EMAIL: "mail, emailed, electronic mail",
        ContactMethod.LETTER: "post, posted, by post, wrote",
        ContactMethod.SMS: "text, texted, text message",
    },
    SolutionKind: {
        SolutionKind.DIGITAL: "digital unit, digital alarm, ip, ip unit",
        SolutionKind.CONVERTER_INTERIM: "converter, interim converter, ata, adapter, adaptor",
        SolutionKind.EXISTING_DEVICE_PROVED: "existing, existing device, existing unit, proved, same unit",
        SolutionKind.NOT_LINE_DEPENDENT: "sim, sim unit, sim card, gsm, mobile, 4g, no line",
        SolutionKind.PDPL: "pre digital phone line, sotap, sotap for analogue",
    },
    ConfirmingParty: {
        ConfirmingParty.PROVIDER: "telecoms provider, the provider, communications provider",
        ConfirmingParty.CUSTOMER: "resident, the resident, service user, tenant, client",
        ConfirmingParty.TELECARE_COMPANY: "telecare, telecare provider, telecare service, alarm company",
    },
}


def read_value(event: CaseEvent, field: str, text: str, now: datetime, option: str = "") -> str:
    """Return the recorded form of a typed value, for example an ISO date.

    Raises RefusedError if `text` cannot be read.
    """
    kinds = _kinds_of(event, field)
    # The error names the option that the person used.
    named = option or f"--field {field}=…"
    if AwareDatetime in kinds:
        return _moment(text, now, named)
    if date in kinds:
        return _day(text, now, named)
    if bool in kinds:
        return _yes_no(text, named)
    codes = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, StrEnum)), None)
    return _code(codes, text, named) if codes else text


def _kinds_of(event: CaseEvent, field: str) -> list[Any]:
    found = RECORD_FOR[event].model_fields.get(field)
    return list(_parts(found.annotation)) if found else []


def _parts(annotation: Any) -> Iterator[Any]:
    # A field may be a date or None, and a date may be annotated with its checks.
    yield annotation
    for inner in get_args(annotation):
        yield from _parts(inner)


def _moment(text: str, now: datetime, named: str) -> str:
    if text.casefold() == "now":
        return now.isoformat()
    at = None if _SERIAL.fullmatch(text) else read_moment(text)
    if at is None:
        raise RefusedError(f"{named} is no time: write it like `30/11/2026 14:30` in UK time, or `now`")
    return at.isoformat()


def _day(text: str, now: datetime, named: str) -> str:
    day = london_day(now) if text.casefold() == "today" else read_date(text)
    if day is None or _SERIAL.fullmatch(text):
        raise RefusedError(f"{named} is no date: write it like 30/11/2026, 30 Nov 2026 or 2026-11-30, or `today`")
    return day.isoformat()


def _yes_no(text: str, named: str) -> str:
    answer = read_yes_no(text)
    if answer is None:
        raise RefusedError(f"{named} is neither yes nor no")
    return str(answer).lower()


def _code(codes: type[StrEnum], text: str, named: str) -> str:
    found = _CODES[codes].get(_key(text))
    if found is None:
        raise RefusedError(f"{named} is one of {', '.join(codes)}")
    return found


def _key(text: str) -> str:
    return _NOT_LETTERS.sub("", text.casefold())


_CODES: Final = {
    codes: {_key(word): code.value for code, written in words.items() for word in (code.value, *written.split(","))}
    for codes, words in _WORDS.items()
}
