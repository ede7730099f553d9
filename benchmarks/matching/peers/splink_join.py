"""Uses Splink to link entries with notices, on columns that Pullcord has read and normalised."""

from __future__ import annotations

from time import perf_counter

import duckdb  # type: ignore[import-not-found]  # it is in the peers' environment only
from splink import DuckDBAPI, Linker, SettingsCreator, block_on  # type: ignore[import-not-found]
from splink import comparison_level_library as levels
from splink import comparison_library as comparisons

from benchmarks.matching.peers.job import ENTRIES, NOTICES, answer, folder

_LEAST_PROBABILITY = 0.1
_SEED = 1
_PAIRS_SAMPLED = 1e7
# Few pairs that meet these rules are of different homes. The rules find about four of five true pairs.
_SURE = [block_on("telephone"), block_on("uprn", "house_numbers")]
_SURE_RECALL = 0.8

_SAME_UNIT = "sub_units_l IS NOT DISTINCT FROM sub_units_r"
_A_UNIT_MISSING = "(sub_units_l IS NULL OR sub_units_r IS NULL)"
_SAME_NUMBER = "house_numbers_l = house_numbers_r"
_A_NUMBER_MISSING = "(house_numbers_l IS NULL OR house_numbers_r IS NULL)"
_SAME_STREET = "jaro_winkler_similarity(street_l, street_r) >= 0.92"
_SAME_BUILDING = "jaro_winkler_similarity(building_l, building_r) >= 0.92"
_NOTHING_TO_COMPARE = "coalesce(street_l, building_l) IS NULL OR coalesce(street_r, building_r) IS NULL"


def address() -> comparisons.CustomComparison:
    # One comparison of all parts. Splink takes comparisons for independent, and the parts of an address are not: with
    # one comparison for each part, all flats of a building would be taken for one home.
    conditions = (
        f"{_SAME_UNIT} AND {_SAME_NUMBER} AND {_SAME_STREET}",
        f"{_SAME_UNIT} AND {_SAME_BUILDING} AND ({_SAME_NUMBER} OR {_A_NUMBER_MISSING})",
        f"{_A_UNIT_MISSING} AND {_SAME_NUMBER} AND ({_SAME_STREET} OR {_SAME_BUILDING})",
        f"{_SAME_NUMBER} AND ({_SAME_STREET} OR {_SAME_BUILDING})",
        f"{_SAME_STREET} OR {_SAME_BUILDING}",
    )
    return comparisons.CustomComparison(
        output_column_name="address",
        comparison_levels=[
            {"sql_condition": _NOTHING_TO_COMPARE, "label_for_charts": "nothing to compare", "is_null_level": True},
            *({"sql_condition": condition, "label_for_charts": condition} for condition in conditions),
            levels.ElseLevel(),
        ],
    )


def settings() -> SettingsCreator:
    return SettingsCreator(
        link_type="link_only",
        blocking_rules_to_generate_predictions=[
            block_on("telephone"),
            block_on("uprn"),
            block_on("postcode", "house_numbers"),
            block_on("postcode", "building"),
            block_on("street", "house_numbers"),
            block_on("building", "sub_units"),
        ],
        comparisons=[
            comparisons.DamerauLevenshteinAtThresholds("telephone", 1),
            comparisons.ExactMatch("uprn"),
            comparisons.LevenshteinAtThresholds("postcode", 1),
            address(),
        ],
        retain_matching_columns=False,
    )


def main() -> None:
    began = perf_counter()
    api = DuckDBAPI(connection=duckdb.connect())
    # An empty cell is NULL, as Splink wants it.
    entries, notices = (api.register_from_csv(str(folder() / name)) for name in (ENTRIES, NOTICES))
    linker = Linker([entries, notices], settings(), log_level=None)
    linker.training.estimate_probability_two_random_records_match(_SURE, recall=_SURE_RECALL)
    linker.training.estimate_u_using_random_sampling(max_pairs=_PAIRS_SAMPLED, seed=_SEED)
    # Each comparison is trained on pairs that agree in something else. Pairs with the same UPRN are left out, because
    # many have that of a building.
    for rule in (block_on("telephone"), block_on("postcode", "house_numbers", "sub_units")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    found = linker.inference.predict(threshold_match_probability=_LEAST_PROBABILITY)
    rows = found.as_duckdbpyrelation().select("unique_id_l, unique_id_r, match_probability").fetchall()
    # The references of entries begin with an e.
    pairs = [(a, b, sure) if a.startswith("e") else (b, a, sure) for a, b, sure in rows]
    answer(pairs, perf_counter() - began)


if __name__ == "__main__":
    main()
