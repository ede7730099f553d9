from __future__ import annotations

import pytest

from services.matcher.addresses import AddressReason, Level
from services.matcher.weights.estimation import Example, Known, estimate
from services.matcher.weights.features import BOTH_LACK, ONE_LACKS, Alike, Features, Pattern, like_postcodes
from services.matcher.weights.parameters import Parameters, load_parameters, pattern_key

SAME = Pattern(BOTH_LACK, AddressReason.NUMBERS_AGREE, AddressReason.STREETS_AGREE, BOTH_LACK, Alike.SAME)
OTHER_FLAT = SAME._replace(units=AddressReason.SUB_UNITS_NAMED_OTHERWISE)
CLASH = SAME._replace(numbers=AddressReason.NUMBERS_CLASH)
RARE = SAME._replace(buildings=ONE_LACKS)


def features(
    pattern: Pattern, telephones: Alike = Alike.MISSING, uprns: Alike = Alike.MISSING, level: Level = Level.SAME
) -> Features:
    return Features(pattern, telephones, uprns, level)


def examples() -> dict[Example, int]:
    return {
        Example(features(SAME, Alike.SAME), Known.TRUE): 500,
        Example(features(OTHER_FLAT, Alike.SAME, level=Level.NEAR), Known.TRUE): 10,
        Example(features(CLASH, Alike.DIFFER, level=Level.CLASH), Known.FALSE): 400,
        Example(features(CLASH, level=Level.CLASH), Known.FALSE): 400,
        Example(features(OTHER_FLAT, Alike.DIFFER, level=Level.NEAR), Known.FALSE): 200,
        Example(features(SAME), Known.UNKNOWN): 300,
        Example(features(SAME, Alike.DIFFER), Known.UNKNOWN): 40,
        Example(features(OTHER_FLAT, level=Level.NEAR), Known.UNKNOWN): 80,
        Example(features(RARE), Known.UNKNOWN): 4,
    }


@pytest.fixture(scope="module")
def found() -> Parameters:
    return estimate(examples(), "test", probable_from=0.0, possible_from=-4.0)


def test_what_known_true_pairs_have_weighs_for_a_pair_and_what_false_ones_have_against_it(found: Parameters) -> None:
    assert found.weight(features(SAME)) > 0 > found.weight(features(OTHER_FLAT, level=Level.NEAR))
    assert found.weight(features(CLASH, level=Level.CLASH)) < 0


def test_each_identifier_that_differs_makes_a_pair_less_sure(found: Parameters) -> None:
    same, missing, differ = (found.weight(features(SAME, one)) for one in (Alike.SAME, Alike.MISSING, Alike.DIFFER))
    assert same > missing > differ


def test_a_frequent_pattern_has_a_weight_of_its_own_and_a_rare_one_that_of_its_parts(found: Parameters) -> None:
    assert pattern_key(SAME) in found.patterns
    assert pattern_key(RARE) not in found.patterns
    parts = sum(weight for _, weight in found.of_parts(RARE))
    identifiers = found.telephones[Alike.MISSING] + found.uprns[Level.SAME][Alike.MISSING]
    assert found.weight(features(RARE)) == round(found.prior + parts + identifiers, 1)


def test_a_part_that_no_pair_had_weighs_nothing(found: Parameters) -> None:
    unknown = SAME._replace(buildings=AddressReason.BUILDINGS_ALIKE)
    assert dict(found.of_parts(unknown))[AddressReason.BUILDINGS_ALIKE] == 0.0


def test_the_same_pairs_give_the_same_weights_in_any_order(found: Parameters) -> None:
    backwards = dict(reversed(examples().items()))
    assert estimate(backwards, "test", probable_from=0.0, possible_from=-4.0) == found


def test_parameters_are_read_as_they_are_written(found: Parameters) -> None:
    assert Parameters.model_validate_json(found.model_dump_json()) == found


def test_the_parameters_in_use_have_a_weight_for_each_identifier_and_level() -> None:
    used = load_parameters()
    assert used.possible_from < used.probable_from
    assert set(used.telephones) == {Alike.SAME, Alike.DIFFER, Alike.MISSING}
    assert set(used.uprns) == set(Level)
    assert all(set(weights) == set(used.telephones) for weights in used.uprns.values())
    assert len(used.parts) == len(Pattern._fields)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("FY3 8AB", "FY3 8AB", Alike.SAME),
        ("FY3 8AB", "FY3 8AD", Alike.SAME),
        ("FY3 8AB", "FY3 9XY", Alike.OUTWARD),
        ("FY3 8AB", "LS1 4AP", Alike.DIFFER),
        (None, "FY3 8AB", Alike.MISSING),
        ("FY3 8AB", None, Alike.MISSING),
    ],
)
def test_postcodes_with_a_typing_error_are_the_same(a: str | None, b: str | None, expected: Alike) -> None:
    assert like_postcodes(a, b) is expected
