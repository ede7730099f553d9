from __future__ import annotations

from datetime import date, datetime, time
from random import Random
from typing import Final

from scripts.samples.days import ago, in_days
from scripts.samples.services import Service

Cell = str | int | datetime

BLACKPOOL_HEADINGS: Final = (
    "Client Ref",
    "Tel No",
    "UPRN",
    "Address 1",
    "Address 2",
    "Address 3",
    "Town",
    "Post Code",
    "Scheme",
    "Equipment",
    "Make and Model",
    "Connection",
    "Signalling",
    "Monitoring Centre",
    "Last Test",
    "Status",
    "Start Date",
    "End Date",
    "Phone Provider",
    "Last Confirmed",
    "DSA Ref",
    "DSA Expiry",
)
CARDIFF_HEADINGS: Final = (
    "Telecare ID",
    "Service Status",
    "Property Address",
    "Postcode",
    "Property UPRN",
    "Alarm Telephone Number",
    "Line Type",
    "Device Type",
    "Alarm Protocol",
    "Alarm Receiving Centre",
    "Date Last Tested",
    "Installation Date",
    "Date Removed",
    "Preferred Format",
    "Scheme Name",
    "Date Last Confirmed",
    "Ward",
)

_DEVICES: Final = ("Pendant and hub", "Pull cord", "Falls detector", "Smoke detector", "Door sensor")
_MODELS: Final = ("Beacon 2", "Beacon 4", "Lighthouse 400", "Lighthouse 600", "Tideline Home")
_PROTOCOLS: Final = ("STMF", "BS8521", "Tone", "NOW-IP", "SCAIP", "")
_DIGITAL: Final = frozenset({"ip", "sim", "router"})
_PROVIDERS: Final = ("Raven Telecom", "Harbour Telecom", "Alder Broadband", "", "", "not known")
_FORMATS: Final = ("", "", "", "Large print", "Welsh", "Welsh; Large print", "Text relay", "Easy read")
_WARDS: Final = ("North", "East", "South", "West")
_BLACKPOOL_WORDS: Final = {
    "analogue_line": ("Analogue", "Landline", "BT line"),
    "router": ("Digital voice",),
    "converter": ("ATA",),
    "sim": ("SIM", "GSM"),
    "ip": ("IP",),
    "unknown": ("Not known", ""),
}
_CARDIFF_WORDS: Final = {
    "analogue_line": ("analogue", "PSTN"),
    "router": ("router",),
    "converter": ("converter",),
    "sim": ("roaming SIM", "4G"),
    "ip": ("ethernet",),
    "unknown": ("TBC",),
}
_STATUSES: Final = {"active": ("Live", "Current"), "ended": ("Ended",), "suspended": ("On hold",)}

_FORMULA: Final = '=CONCATENATE("029 2018 ","0123")'
_ERROR: Final = "#N/A"
_TITLE: Final = "Telecare register: services by property"


def blackpool_rows(services: list[Service], random: Random) -> list[list[str]]:
    return [_blackpool_row(one, random) for one in services]


def _blackpool_row(one: Service, random: Random) -> list[str]:
    lines = one.address
    return [
        one.reference,
        one.cell,
        one.uprn,
        *lines,
        *[""] * (3 - len(lines)),
        random.choice(("Blackpool", "Blackpool", "BLACKPOOL", "")),
        one.postcode,
        one.scheme,
        random.choice(_DEVICES),
        random.choice(_MODELS),
        random.choice(_BLACKPOOL_WORDS[one.connection]),
        _protocol(one, random),
        "Fylde Shore Monitoring",
        _uk(ago(10, 420, random)) if random.random() < 0.9 else "",
        random.choice(_STATUSES[one.status]),
        _uk(ago(430, 3900, random)),
        _uk(ago(1, 300, random)) if one.status == "ended" else "",
        random.choice(_PROVIDERS),
        _uk(ago(20, 700, random)),
        "DSA-FYLDE-07",
        _uk(in_days(220)),
    ]


def cardiff_rows(services: list[Service], random: Random) -> list[list[Cell]]:
    rows: list[list[Cell]] = [_cardiff_row(one, random) for one in services]
    _spoil(rows, services)
    return [[_TITLE], [], list(CARDIFF_HEADINGS), *rows]


def _cardiff_row(one: Service, random: Random) -> list[Cell]:
    tested = ago(10, 420, random)
    return [
        one.reference,
        random.choice(_STATUSES[one.status]),
        _whole_address(one, random),
        one.postcode,
        _typed(one.uprn, random),
        _typed(one.cell, random) if one.number_style == "leading zero lost" else one.cell,
        random.choice(_CARDIFF_WORDS[one.connection]),
        random.choice(_DEVICES),
        _protocol(one, random),
        "Seabird Response",
        _uk(tested) if random.random() < 0.1 else _moment(tested),
        _moment(ago(430, 3900, random)),
        _moment(ago(1, 300, random)) if one.status == "ended" else "",
        random.choice(_FORMATS),
        one.scheme,
        _moment(ago(20, 700, random)),
        random.choice(_WARDS),
    ]


def _whole_address(one: Service, random: Random) -> str:
    # If the postcode cell is blank, the address holds the postcode, or the row has none.
    ending = [random.choice(("Cardiff", "Cardiff", "Caerdydd"))]
    if one.postcode_style == "blank" and random.random() < 0.5:
        ending.append(one.home.postcode)
    return ", ".join([*one.address, *ending])


def _spoil(rows: list[list[Cell]], services: list[Service]) -> None:
    # Values that spreadsheets leave behind: a formula for a number, and a failed look-up for a UPRN and for a day.
    clean = [at for at, one in enumerate(services) if one.number_style == "digits" and not one.scheme]
    rows[clean[3]][CARDIFF_HEADINGS.index("Alarm Telephone Number")] = _FORMULA
    rows[clean[7]][CARDIFF_HEADINGS.index("Property UPRN")] = _ERROR
    rows[clean[11]][CARDIFF_HEADINGS.index("Date Last Tested")] = _ERROR


def _protocol(one: Service, random: Random) -> str:
    return random.choice(_PROTOCOLS[3:] if one.connection in _DIGITAL else _PROTOCOLS[:3])


def _typed(text: str, random: Random) -> str | int:
    # A spreadsheet turns digits into a number unless the cell is formatted as text.
    return int(text) if text.isdigit() and not text.startswith("0") and random.random() < 0.7 else text


def _uk(day: date) -> str:
    return day.strftime("%d/%m/%Y")


def _moment(day: date) -> datetime:
    return datetime.combine(day, time.min)
