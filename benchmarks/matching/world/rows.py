"""Makes register entries and notices, and labels each row with its true home."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final, NamedTuple

from benchmarks.matching.world.addresses import PROVIDER, STYLES, AddressDirt, AddressWriter, Written, load_profile
from benchmarks.matching.world.dirt import ENTRIES, NOTICES, Identifiers, Shares, UprnDirt, dirtied
from benchmarks.matching.world.homes import Home, HomeForm
from benchmarks.matching.world.names import town_names
from benchmarks.matching.world.numbers import NumberBlocks, NumberDirt, TownNumbers
from benchmarks.matching.world.towns import TownHomes, build_town

# Of the entries, and of the notices.
SHARE_WITH_PARTNER: Final = 0.5375
_ROWS_A_TOWN: Final = 2_000
# Half of the homes are on the register. Real registers are thinner, so here more neighbours are to be told apart.
_HOMES_A_ROW: Final = 2
_SHELTERED_ON_REGISTER: Final = 0.95
_MOVES_ON: Final = "2027-01-{:02d}"
# The most address lines that a notice may have.
_LINES: Final = 8


class Label(NamedTuple):
    """The truth about a row."""

    home: str
    # Number and UPRN as the row means them, however it writes them.
    numbers: tuple[str, ...]
    number_dirt: NumberDirt
    uprn: str
    uprn_dirt: UprnDirt
    address_dirt: AddressDirt
    # How the council of the town writes addresses.
    style: str
    form: HomeForm


@dataclass(frozen=True, slots=True)
class Row:
    reference: str
    label: Label
    # As the council or the provider sends them.
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TownRows:
    style: str
    entries: list[Row]
    notices: list[Row]


def make_rows(seed: int, rows: int) -> Iterator[TownRows]:
    """Make `rows` entries and `rows` notices, town by town.

    Raises ValueError if there are too few fictional numbers for so many rows.
    """
    blocks, profile = NumberBlocks(Random(f"{seed} blocks")), load_profile()
    names = town_names(Random(f"{seed} towns"))
    # In a small run the towns are small, so that each style has one.
    most = min(_ROWS_A_TOWN, -(-rows // len(STYLES)))
    for index, start in enumerate(range(0, rows, most)):
        dice = _Dice(f"{seed} {index}")
        here = min(most, rows - start)
        homes = build_town(index, names[index % len(names)], here * _HOMES_A_ROW, dice.of("homes"))
        on_register, noticed = _chosen(homes, here, dice.of("chosen"))
        lines = list(dict.fromkeys([*on_register, *noticed]))
        town = _Town(homes, AddressWriter(homes.all, profile), STYLES[index % len(STYLES)], dice, blocks, lines)
        yield TownRows(
            town.style,
            list(town.rows(_Side("e", town.style, ENTRIES, _entry), on_register, start)),
            list(town.rows(_Side("n", PROVIDER, NOTICES, _notice), noticed, start)),
        )


class _Dice(NamedTuple):
    seed: str

    def of(self, purpose: str) -> Random:
        # One for each purpose, so that a change in one place leaves the others as they were.
        return Random(f"{self.seed} {purpose}")


class _Side(NamedTuple):
    # References begin with this letter.
    letter: str
    style: str
    shares: Shares
    write: Callable[[str, Label, Identifiers, Written, Home], Row]


class _Town:
    def __init__(
        self, homes: TownHomes, writer: AddressWriter, style: str, dice: _Dice, blocks: NumberBlocks, lines: list[Home]
    ) -> None:
        self.style = style
        self._homes, self._writer, self._dice = homes, writer, dice
        self._numbers = TownNumbers(blocks.take(len(lines)), dice.of("numbers"))
        self._own = {home.uprn: self._numbers.own() for home in lines}

    def rows(self, side: _Side, homes: Sequence[Home], start: int) -> Iterator[Row]:
        addresses = self._writer.write(homes, side.style, f"{self._dice.seed} {side.letter}")
        source = self._dice.of(side.letter)
        for number, home in enumerate(homes, start):
            address, neighbours = addresses[home.uprn], self._homes.neighbours(home)
            found = dirtied(home, self._own[home.uprn], side.shares, self._numbers, neighbours, source)
            yield side.write(f"{side.letter}{number}", self._label(home, found, address), found, address, home)

    def _label(self, home: Home, found: Identifiers, address: Written) -> Label:
        numbers, uprn = (found.numbers, found.number_dirt), (found.uprn, found.uprn_dirt)
        return Label(home.uprn, *numbers, *uprn, address.dirt, self.style, home.form)


def _chosen(homes: TownHomes, rows: int, source: Random) -> tuple[list[Home], list[Home]]:
    """Return the homes on the register, and the homes with a notice."""
    sheltered = [home for home in homes.dwellings if home.uprn in homes.sheltered]
    others = [home for home in homes.dwellings if home.uprn not in homes.sheltered]
    first = source.sample(sheltered, round(len(sheltered) * _SHELTERED_ON_REGISTER))
    source.shuffle(others)
    left = rows - len(first)
    on_register, elsewhere = [*first, *others[:left]], others[left:]
    both = round(rows * SHARE_WITH_PARTNER)
    noticed = [*source.sample(on_register, both), *elsewhere[: rows - both]]
    # The order must not tell who belongs to whom.
    source.shuffle(on_register)
    source.shuffle(noticed)
    return on_register, noticed


def _entry(reference: str, label: Label, found: Identifiers, address: Written, _home: Home) -> Row:
    # A register has the whole address in one cell.
    fields = {
        "entry_id": reference,
        "cli": found.number_written,
        "uprn": found.uprn_written,
        "address_lines": [address.text],
        "postcode": address.postcode,
        "connection": "analogue_line",
    }
    return Row(reference, label, _filled(fields))


def _notice(reference: str, label: Label, found: Identifiers, address: Written, home: Home) -> Row:
    # A provider has each line and the town apart, unless the town is not at the end.
    lines = [line.strip() for line in address.text.split(",")]
    town = lines.pop() if len(lines) > 1 and lines[-1].casefold() == home.town.casefold() else ""
    fields = {
        "id": reference,
        "cli": found.number_written,
        "uprn": found.uprn_written,
        "address_lines": lines[:_LINES],
        "post_town": town,
        "postcode": address.postcode,
        "migration_kind": "non_voluntary",
        "planned_migration_date": _MOVES_ON.format(1 + int(home.uprn) % 28),
        "issued_at": "2026-11-20T09:00:00Z",
        "target_service": "voip",
    }
    return Row(reference, label, _filled(fields))


def _filled(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}
