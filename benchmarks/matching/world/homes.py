from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_SCOTTISH: Final = re.compile(r"\d+F\d+|Flat \d+/\d+")


class HomeForm(StrEnum):
    HOUSE = "house"
    FLAT = "flat"
    SCOTTISH_FLAT = "Scottish flat"


@dataclass(frozen=True, slots=True)
class Home:
    """A dwelling, or the building of several dwellings."""

    uprn: str
    usrn: str
    street: str
    town: str
    postcode: str
    locality: str = ""
    number: str = ""
    name: str = ""
    flat: str = ""
    # The UPRN of the building, for a dwelling in a building with a UPRN of its own.
    building: str = ""
    # Metres east and north, so that streets have neighbours.
    at: tuple[int, int] = (0, 0)

    @property
    def form(self) -> HomeForm:
        if not self.flat:
            return HomeForm.HOUSE
        return HomeForm.SCOTTISH_FLAT if _SCOTTISH.fullmatch(self.flat) else HomeForm.FLAT

    def components(self) -> dict[str, str]:
        """Return the columns that `address_errors` reads."""
        # It works on capitals, and writes each address in the letters of its style.
        return {column: text.upper() for column, text in self._components().items()}

    def _components(self) -> dict[str, str]:
        east, north = self.at
        return {
            "uprn": self.uprn,
            "subname": self.flat,
            "name": self.name,
            "number": self.number,
            "streetname": self.street,
            "locality": self.locality,
            "townname": self.town,
            "postcode": self.postcode,
            "classificationcode": "RD06" if self.flat else "RD04",
            "parentuprn": self.building,
            "rootuprn": self.building or self.uprn,
            "usrn": self.usrn,
            "rm_subbuildingname": self.flat,
            "rm_buildingname": self.name,
            "rm_buildingnumber": self.number,
            "rm_thoroughfare": self.street,
            "rm_posttown": self.town,
            "easting": str(east),
            "northing": str(north),
        }
