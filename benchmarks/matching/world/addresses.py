"""Writes addresses as councils and providers write them, with the error model of `address_errors`."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple

from address_errors import Corruptor, Profile, load_components

from benchmarks.matching.world.homes import Home

# The councils of the model, each with the way in which it writes addresses.
STYLES: Final = ("wigan", "bradford", "leeds", "derby", "cornwall")
WITHOUT_POSTCODE: Final = frozenset({"bradford", "leeds"})
# A provider is none of them, so its addresses have the model's average errors.
PROVIDER: Final = "provider"


class AddressDirt(StrEnum):
    """The gravest difference between a written and the true address. The gravest member comes first."""

    ANOTHER_HOME = "address of another home"
    SUB_UNIT = "sub-unit changed"
    NUMBER = "house number changed"
    STREET = "street changed"
    BUILDING = "building name changed"
    POSTCODE = "postcode wrong or missing"
    TEXT = "spelling, order or other words"
    NONE = "nothing changed"


# By the letters with which the model's mechanisms begin.
_DIRT: Final = {
    "SU": AddressDirt.SUB_UNIT,
    "PN": AddressDirt.NUMBER,
    "ST": AddressDirt.STREET,
    "BN": AddressDirt.BUILDING,
}
GRAVEST_FIRST: Final = tuple(AddressDirt)


class Written(NamedTuple):
    text: str
    postcode: str
    dirt: AddressDirt


class AddressWriter:
    """Writes the addresses of one town. `Corruptor` compares each address with all addresses of the town."""

    def __init__(self, homes: Iterable[Home], profile: Any) -> None:
        self._profile = profile
        self._components = _loaded(homes)

    def write(self, homes: Sequence[Home], style: str, seed: str) -> dict[str, Written]:
        """Return the written address of each home, by UPRN."""
        corruptor = Corruptor(self._profile, style=style, seed=seed, source_id=style)
        corruptor.index(self._components)
        return {row["assigned_uprn"]: _written(row) for row in corruptor.generate([home.uprn for home in homes])}


def load_profile() -> Any:
    return Profile.load()


def _loaded(homes: Iterable[Home]) -> Any:
    rows = [home.components() for home in homes]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "components.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        return load_components(path)


def _written(row: dict[str, Any]) -> Written:
    return Written(row["recorded_address"], row["recorded_postcode"], _dirt(row))


def _dirt(row: dict[str, Any]) -> AddressDirt:
    if row["label_drift_relation"]:
        return AddressDirt.ANOTHER_HOME
    applied = [rule for rule in row["applied_rules"].split("|") if rule]
    found = [_DIRT.get(rule[:2], AddressDirt.TEXT) for rule in applied]
    if row["postcode_edit"]:
        found.append(AddressDirt.POSTCODE)
    return gravest(*found) if found else AddressDirt.NONE


def gravest(*dirt: AddressDirt) -> AddressDirt:
    return min(dirt, key=GRAVEST_FIRST.index)
