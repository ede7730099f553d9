from __future__ import annotations

from datetime import date
from random import Random
from typing import Final

from scripts.samples.notices import Notice
from scripts.samples.numbers import MENDABLE
from scripts.samples.writing import POSTCODES

HEADINGS: Final = (
    "Notice No",
    "Order Ref",
    "Telephone Number",
    "UPRN",
    "Address Line 1",
    "Address Line 2",
    "Address Line 3",
    "Post Town",
    "Postcode",
    "Migration Type",
    "Customer Responded",
    "Line Used 12m",
    "Switch Date",
    "Barring Date",
    "Barring Type",
    "New Service",
    "Telecare Flag",
    "ARC Dialled",
    "Order Status",
    "Date Issued",
)
_AFTER_ADDRESS: Final = (
    "migration_kind",
    "customer_engaged",
    "line_used_last_12_months",
    "planned_migration_date",
    "restriction_start_date",
    "restriction_kind",
    "target_service",
    "telecare_known",
    "arc_number_dialled",
    "status",
    "issued_at",
)
_WORDS: Final = {
    "voluntary": "Voluntary",
    "non_voluntary": "Non-voluntary",
    "unknown": "TBC",
    "voip": "Digital Voice",
    "pdpl": "SOTAP",
    "cease": "Cease",
    "evac": "EVAC",
    "outgoing_diverted": "Divert",
    "outgoing_barred": "Outgoing bar",
    "incoming_barred": "Incoming bar",
    "planned": "Scheduled",
    "rescheduled": "Rebooked",
    "paused": "On hold",
    "withdrawn": "Cancelled",
    "completed": "Completed",
}
_NUMBER_STYLES: Final = {"digits": 80, "spaces": 10, "leading zero lost": 7, "+44": 3}
_POSTCODE_STYLES: Final = {"canonical": 92, "no space": 8}
_ADDRESS_CELLS: Final = 3

_NOTICE_NO, _ORDER_REF, _SWITCH_DATE = (HEADINGS.index(name) for name in ("Notice No", "Order Ref", "Switch Date"))
_BROKEN_DATES: Final = ("TBC", "31/02/2027", "25/25/2026", "01/01/1900")
_WITHOUT_REFERENCE: Final = 2


def harbour_rows(notices: list[Notice], random: Random) -> list[list[str]]:
    return [_row(notice, random) for notice in notices]


def spoil(rows: list[list[str]], places: list[int]) -> None:
    # Four rows get a wrong date, and two lose their reference.
    dates, references = places[: len(_BROKEN_DATES)], places[len(_BROKEN_DATES) :]
    for place, text in zip(dates, _BROKEN_DATES, strict=True):
        rows[place][_SWITCH_DATE] = text
    for place in references[:_WITHOUT_REFERENCE]:
        rows[place][_NOTICE_NO] = rows[place][_ORDER_REF] = ""


def _row(notice: Notice, random: Random) -> list[str]:
    lines = notice["address_lines"]
    number = random.choices(list(_NUMBER_STYLES), list(_NUMBER_STYLES.values()))[0]
    postcode = random.choices(list(_POSTCODE_STYLES), list(_POSTCODE_STYLES.values()))[0]
    return [
        notice["id"],
        notice["provider_reference"],
        MENDABLE[number](notice["cli"]),
        notice.get("uprn", ""),
        *lines,
        *[""] * (_ADDRESS_CELLS - len(lines)),
        notice["post_town"],
        POSTCODES[postcode](notice["postcode"]),
        *(_cell(notice.get(field)) for field in _AFTER_ADDRESS),
    ]


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "Y" if value else "N"
    if isinstance(value, date):
        return value.strftime("%d/%m/%Y")
    return _WORDS[str(value)] if value else ""
