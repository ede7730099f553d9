"""All functions are pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from services.core.addresses.address import AddressParts, parse_address
from services.core.addresses.postcode import read_postcode
from services.core.addresses.uprn import read_uprn

# The field that stands for each part of a place in an issue.
PLACE_FIELDS = ("postcode", "uprn", "address_lines")


class RowPlace(NamedTuple):
    postcode: str | None
    uprn: str | None
    address: AddressParts | None

    def differs_in(self, other: RowPlace) -> tuple[str, ...]:
        # If one of the two leaves out a part, this does not count as a difference.
        pairs = zip(PLACE_FIELDS, self, other, strict=True)
        return tuple(field for field, ours, theirs in pairs if ours and theirs and ours != theirs)

    def filled_from(self, other: RowPlace) -> RowPlace:
        return RowPlace(self.postcode or other.postcode, self.uprn or other.uprn, self.address or other.address)


def place_of_row(fields: Mapping[str, Any]) -> RowPlace:
    postcode, uprn, town = (_text(fields, name) for name in ("postcode", "uprn", "post_town"))
    lines = fields.get("address_lines")
    address = parse_address(lines, town) if isinstance(lines, list | tuple) and lines else None
    # A value that cannot be read is compared as it is written.
    code = read_postcode(postcode) if postcode else None
    return RowPlace(
        code.postcode if code else _folded(postcode),
        (read_uprn(uprn).uprn if uprn else None) or _folded(uprn),
        # A town alone says nothing of the home.
        None if address == AddressParts() else address,
    )


def _text(fields: Mapping[str, Any], name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) and value else None


def _folded(text: str | None) -> str | None:
    return "".join(text.casefold().split()) if text else None
