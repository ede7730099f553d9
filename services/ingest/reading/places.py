from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pydantic_core import to_json

from schemas.codes import Scope
from schemas.notice import MigrationNotice
from schemas.register_entry import RegisterEntry
from services.core.addresses.address import AddressParts, AddressReading, read_postal_address
from services.core.addresses.ending_postcode import ending_postcode
from services.core.addresses.keys.keys import Identifier, KeySide, address_keys, postcode_keys
from services.core.addresses.postcode import areas_of, read_area, read_postcode
from services.core.addresses.uprn import describe_uprn_problem, read_uprn
from services.core.telephone.telephone import describe_number_problem, read_numbers
from services.core.tokens import TokenKind
from services.ingest.reading.outcomes import Issue

Values = tuple[tuple[TokenKind, str], ...]

# Unpacked once: looking up an enum member for every row is measurably slow.
TELEPHONE, UPRN, POSTCODE, AREA, ADDRESS = TokenKind
NOTICE, ENTRY = KeySide

_IDENTIFIERS = (Identifier.ADDRESS, Identifier.TELEPHONE, Identifier.UPRN)
# The kinds of token that name an area. The notices about an area are matched through their area record.
OF_AREAS = frozenset({POSTCODE, AREA})
# Such as 01632, or 1632 after a spreadsheet dropped the zero.
_TELEPHONE_AREA = re.compile(r"\(?[0-9]{2,6}\)?")
_OF_ONE_LINE = ("cli", "uprn", "postcode", "address_lines", "exchange", "access_line_id")


class Place(NamedTuple):
    numbers: tuple[str, ...]
    uprn: str | None
    postcode: str | None
    address: AddressReading | None
    issues: tuple[Issue, ...]

    @property
    def parts(self) -> AddressParts | None:
        return self.address.parts if self.address else None

    def values(self, side: KeySide) -> Values:
        return _values(self.numbers, self.uprn, self.postcode, self.address, side)

    @property
    def private(self) -> dict[str, object]:
        # Stored encrypted with the record: `values_of`, the matcher and the case view read these keys.
        parts, places = (self.address.parts.to_compact(), self.address.places) if self.address else (None, None)
        return {
            "numbers": self.numbers,
            "uprn": self.uprn,
            "postcode": self.postcode,
            "parts": parts,
            "places": places or None,
        }


def read_place(
    cli: str | None, uprn: str | None, postcode: str | None, lines: Sequence[str], town: str | None
) -> Place:
    issues: list[Issue] = []
    numbers = _numbers(cli, issues)
    given = (postcode or "").strip()
    # If the given postcode cannot be read, the postcode at the end of the address is used.
    code = (_postcode(given, issues) if given else None) or ending_postcode(lines)
    return Place(numbers, _uprn(uprn, issues), code, read_postal_address(lines, town) if lines else None, tuple(issues))


def private_part(record: MigrationNotice | RegisterEntry, place: Place) -> bytes:
    return to_json({"record": record, **place.private}, exclude_none=True)


def area_values(postcode: str) -> Values:
    return tuple((AREA, area) for area in areas_of(postcode) if area != postcode)


def values_of(place: Mapping[str, Any], side: KeySide) -> Values:
    """Return the values by which matching finds a stored record. `place` must have the content of `Place.private`."""
    # A notice for an area is found by its areas alone.
    if place.get("areas"):
        return read_areas(place["areas"])[0]
    parts = place.get("parts")
    address = AddressReading(AddressParts.from_compact(parts), tuple(place.get("places") or ())) if parts else None
    return _values(place.get("numbers", ()), place.get("uprn"), place.get("postcode"), address, side)


def _values(
    numbers: Sequence[str], uprn: str | None, postcode: str | None, address: AddressReading | None, side: KeySide
) -> Values:
    exact = [(TELEPHONE, number) for number in numbers]
    if uprn:
        exact.append((UPRN, uprn))
    keys = address_keys(address.parts, address.places, postcode, side) if address else ()
    if postcode:
        known = [one for one, has in zip(_IDENTIFIERS, (keys, numbers, uprn), strict=True) if has]
        # A notice without anything finer is about the whole postcode.
        if side is NOTICE and not known:
            return ((POSTCODE, postcode),)
        # By these, notices on areas find an entry.
        exact += ((POSTCODE, postcode), *area_values(postcode)) if side is ENTRY else ()
        keys = (*keys, *postcode_keys(postcode, known, side))
    return (*exact, *((ADDRESS, key) for key in keys))


def read_areas(codes: Sequence[str]) -> tuple[Values, tuple[Issue, ...]]:
    values, issues = [], []
    for code in codes:
        area = read_area(code)
        if area is None and _TELEPHONE_AREA.fullmatch(code.strip()):
            issues.append(
                Issue(
                    "area_codes",
                    "telephone_area_code",
                    "One of the codes is a telephone area code, and no area of postcodes.",
                    "List the postcodes, sectors or outward codes.",
                )
            )
        elif area is None:
            issues.append(
                Issue(
                    "area_codes",
                    "not_an_area",
                    "One of the codes is no postcode, sector or outward code.",
                    "Write each like FY3 8AB, FY3 8 or FY3.",
                )
            )
        else:
            values.append((POSTCODE if read_postcode(area) else AREA, area))
    # Each issue once, in the order found: the text is the same for every faulty code.
    return tuple(dict.fromkeys(values)), tuple(dict.fromkeys(issues))


def shares_area(scope: str, values: Values) -> bool:
    """Return True if the notice is matched through an area record.

    Several notices share one area record.
    """
    # The notice is not about one line, or names nothing more exact than a postcode.
    return scope != Scope.LINE or all(kind in OF_AREAS for kind, _ in values)


def with_scope(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    # A notice with areas but without a scope or another place has the scope `postcode`.
    if not fields.get("area_codes") or fields.get("scope") or any(map(fields.get, _OF_ONE_LINE)):
        return fields
    return {**fields, "scope": Scope.POSTCODE.value}


def _numbers(cli: str | None, issues: list[Issue]) -> tuple[str, ...]:
    if not cli:
        return ()
    reading = read_numbers(cli)
    # Sorted, so that the same row always gets its issues in the same order.
    for problem in sorted(reading.problems):
        reason, remedy = describe_number_problem(problem)
        issues.append(Issue("cli", problem.value, reason, remedy))
    return reading.numbers


def _uprn(uprn: str | None, issues: list[Issue]) -> str | None:
    if not uprn:
        return None
    reading = read_uprn(uprn)
    if reading.problem is not None:
        issues.append(Issue("uprn", reading.problem.value, *describe_uprn_problem(reading.problem)))
    return reading.uprn


def _postcode(postcode: str, issues: list[Issue]) -> str | None:
    reading = read_postcode(postcode)
    if reading is None:
        issues.append(Issue("postcode", "not_a_postcode", "This is not a UK postcode.", "Write it like FY3 8AB."))
        return None
    return reading.postcode
