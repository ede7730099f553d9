"""Searches bytes for personal data."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from services.ingest.files.table import FileLimits
from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.sheets import read_sheet
from services.ingest.recording.service import read_rows
from services.ingest.recording.submission import Origin
from services.ingest.requests import raw_rows
from services.web.bodies import JSON, read_json_rows

_DIGITS = re.compile(rb"(?<!\d)(?:\d[ \t().+/-]{0,3}){9,40}")
# Only whole postcodes: sectors (`FY3 8`) and outward codes (`FY3`) are no personal data.
_POSTCODE = re.compile(rb"(?<![A-Za-z0-9_-])[A-Z]{1,2}\d[A-Z\d]?[ +]?\d[A-Z]{2}(?![A-Za-z0-9_-])", re.IGNORECASE)
_TEXT = re.compile(rb"[A-Za-z0-9 ,.'/&+-]{8,}")
_STREET = re.compile(r"[A-Za-z']+(?: [A-Za-z']+)+")
# The numbers of digits of a national number, and of a UPRN without its leading zeros.
_LENGTHS = (9, 10, 11, 12)
SHORTEST_STREET = 8


@dataclass
class People:
    # National significant numbers: `1632960123`.
    numbers: set[str] = field(default_factory=set)
    uprns: set[str] = field(default_factory=set)
    # Postcodes without their space: `FY38AB`.
    postcodes: set[str] = field(default_factory=set)
    # The words of address lines, in lower case: `tower road`.
    streets: set[str] = field(default_factory=set)

    def add(self, numbers: Iterable[str], uprn: str | None, postcode: str | None, lines: Iterable[str]) -> None:
        self.numbers |= {number.removeprefix("+44") for number in numbers}
        self.uprns |= {uprn} if uprn else set()
        self.postcodes |= {postcode.replace(" ", "")} if postcode else set()
        words = (match[0].lower() for line in lines for match in _STREET.finditer(line))
        self.streets |= {street for street in words if len(street) >= SHORTEST_STREET}

    def found_in(self, data: bytes) -> set[str]:
        return self._digits_in(data) | self._postcodes_in(data) | self._streets_in(data)

    def _digits_in(self, data: bytes) -> set[str]:
        found = set()
        for match in _DIGITS.finditer(data):
            digits = re.sub(rb"\D", b"", match[0]).decode()
            for length in _LENGTHS:
                # A number may be anywhere in a run of digits, for example after a country code.
                windows = {digits[start : start + length] for start in range(len(digits) - length + 1)}
                found |= windows & (self.numbers | self.uprns)
        return found

    def _postcodes_in(self, data: bytes) -> set[str]:
        codes = {re.sub(rb"[ +]", b"", match[0]).decode().upper() for match in _POSTCODE.finditer(data)}
        return codes & self.postcodes

    def _streets_in(self, data: bytes) -> set[str]:
        # URLs write a space as a plus sign.
        text = b"\n".join(_TEXT.findall(data)).decode().lower().replace("+", " ")
        return {street for street in self.streets if street in text}


def add_sample(people: People, path: Path, kind: RecordKind, now: datetime) -> None:
    # The API reads files in the same way.
    data, origin = path.read_bytes(), Origin("provider:XXXX", kind, "test", b"")
    if path.suffix == ".json":
        rows = iter(raw_rows(read_json_rows(data, JSON, "notices", 100_000)))
    else:
        rows = read_sheet(data, kind, FileLimits(), None, path.name).rows
    for draft in read_rows(origin, (row for row in rows), now).drafts:
        place = draft.opened()
        lines = place["record"].get("address_lines", ())
        people.add(place["numbers"], place.get("uprn"), place.get("postcode"), lines)
