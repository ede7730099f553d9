from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from random import Random
from statistics import median

import pytest

from benchmarks.matching.figures.tally import Truth
from benchmarks.matching.world.addresses import PROVIDER, STYLES, AddressWriter, load_profile
from benchmarks.matching.world.dirt import ENTRIES, UprnDirt
from benchmarks.matching.world.numbers import NumberBlocks, NumberDirt
from benchmarks.matching.world.rows import SHARE_WITH_PARTNER, Row, TownRows
from benchmarks.matching.world.towns import build_town
from services.core.addresses.uprn import read_uprn
from services.core.telephone.telephone import read_numbers
from tests.support.checks.source import ROOT
from tests.unit.benchmarks.matching.conftest import ROWS

FICTIONAL = re.compile(r"\+44(?:1632\d{6}|7700900\d{3})")
NOT_REAL = re.compile(r"9999\d{8}")
PRINT_ROWS = """
from hashlib import sha256
from benchmarks.matching.world.rows import make_rows
print(sha256(repr(list(make_rows({seed}, 60))).encode()).hexdigest())
"""


def rows_made(seed: int, hash_seed: str) -> str:
    command = [sys.executable, "-c", PRINT_ROWS.format(seed=seed)]
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, env=environment).stdout


def entries(towns: list[TownRows]) -> list[Row]:
    return [row for town in towns for row in town.entries]


def notices(towns: list[TownRows]) -> list[Row]:
    return [row for town in towns for row in town.notices]


def share(rows: list[Row], dirt: NumberDirt | UprnDirt) -> float:
    held = [row.label.number_dirt if isinstance(dirt, NumberDirt) else row.label.uprn_dirt for row in rows]
    return held.count(dirt) / len(rows)


def test_a_seed_makes_the_same_rows_in_every_process_and_another_seed_others() -> None:
    first, again, other = rows_made(3, "1"), rows_made(3, "2"), rows_made(4, "1")
    assert first == again
    assert first != other


def test_there_are_as_many_entries_and_notices_as_asked_each_with_its_own_reference(towns: list[TownRows]) -> None:
    references = [row.reference for row in (*entries(towns), *notices(towns))]
    assert len(entries(towns)) == len(notices(towns)) == ROWS
    assert len(set(references)) == 2 * ROWS


def test_every_style_has_a_town(towns: list[TownRows]) -> None:
    assert {town.style for town in towns} == set(STYLES)


def test_a_fixed_share_of_the_rows_has_a_partner(towns: list[TownRows]) -> None:
    homes = {row.label.home for row in entries(towns)} & {row.label.home for row in notices(towns)}
    assert len(homes) == pytest.approx(SHARE_WITH_PARTNER * ROWS, abs=len(towns))


def test_every_number_is_fictional(towns: list[TownRows]) -> None:
    cells = [row.fields["cli"] for row in (*entries(towns), *notices(towns)) if "cli" in row.fields]
    read = [number for cell in cells for number in read_numbers(cell).numbers]
    assert len(read) >= len(cells)
    assert [number for number in read if not FICTIONAL.fullmatch(number)] == []


def test_every_number_and_uprn_is_read_as_its_label_says(towns: list[TownRows]) -> None:
    for row in (*entries(towns), *notices(towns)):
        meant = {f"+44{number.replace(' ', '').removeprefix('0')}" for number in row.label.numbers}
        assert set(read_numbers(row.fields.get("cli", "")).numbers) == meant
        assert (read_uprn(row.fields.get("uprn", "")).uprn or "") == row.label.uprn


def test_no_uprn_is_real(towns: list[TownRows]) -> None:
    held = {row.label.uprn for row in (*entries(towns), *notices(towns))} - {""}
    assert [uprn for uprn in held if not NOT_REAL.fullmatch(uprn)] == []


def test_the_dirt_has_its_shares(towns: list[TownRows]) -> None:
    rows, identified = entries(towns), 1 - ENTRIES.bare
    assert share(rows, NumberDirt.DIGIT) == pytest.approx(identified * ENTRIES.wrong_digit, abs=0.012)
    assert share(rows, NumberDirt.ANOTHER) == pytest.approx(identified * ENTRIES.another_landline, abs=0.012)
    missing = ENTRIES.bare + identified * ENTRIES.number_missing
    assert share(rows, NumberDirt.MISSING) == pytest.approx(missing, abs=0.025)
    assert share(rows, UprnDirt.MISSING) == pytest.approx(ENTRIES.bare + identified * ENTRIES.uprn_missing, abs=0.035)
    assert 0 < share(rows, UprnDirt.BUILDING) < ENTRIES.buildings_uprn


def test_a_wrong_number_is_not_the_homes_own(towns: list[TownRows]) -> None:
    own = {row.label.home: row.label.numbers for row in notices(towns) if row.label.number_dirt is NumberDirt.NONE}
    wrong = [row.label for row in entries(towns) if row.label.number_dirt in {NumberDirt.DIGIT, NumberDirt.SWAPPED}]
    assert wrong
    assert [one for one in wrong if one.numbers and one.numbers[0] in own.get(one.home, ())] == []


def test_some_pairs_can_be_told_by_the_address_alone(towns: list[TownRows]) -> None:
    truth = Truth()
    for town in towns:
        truth.add(town.entries, town.notices)
    kinds = Counter(truth.group(*pair).kind.addresses_only for pair in truth.pairs())
    assert 0.15 < kinds[True] / kinds.total() < 0.3


def test_two_of_the_five_styles_have_no_postcode() -> None:
    homes = build_town(0, "Ashwick", 60, Random(1))
    writer = AddressWriter(homes.all, load_profile())
    written = {style: writer.write(homes.dwellings, style, "1") for style in (*STYLES, PROVIDER)}
    without = {style for style, addresses in written.items() if not any(one.postcode for one in addresses.values())}
    assert without == {"bradford", "leeds"}


def test_a_sheltered_block_has_one_postcode_for_hundreds_and_the_others_have_about_fourteen_homes() -> None:
    sizes = Counter(home.postcode for home in build_town(0, "Ashwick", 4_000, Random(1)).dwellings).values()
    assert 12 <= median(sizes) <= 16
    assert [size for size in sizes if size > 40] == [max(sizes)]
    assert 100 <= max(sizes) <= 300


def test_a_neighbour_is_next_in_the_same_postcode() -> None:
    homes = build_town(0, "Ashwick", 60, Random(1))
    for home in homes.dwellings:
        assert {one.postcode for one in homes.neighbours(home)} == {home.postcode}
        assert home not in homes.neighbours(home)


def test_more_rows_than_there_are_fictional_numbers_are_refused() -> None:
    blocks = NumberBlocks(Random(1))
    blocks.take(299_000)
    with pytest.raises(ValueError, match="too few numbers"):
        blocks.take(2_000)
