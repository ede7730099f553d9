"""Published figures must not reveal small counts."""
# A world is one set of counts that fits the published figures.

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.audit.figures.counting import Counts, Dimension, add_counts
from services.audit.figures.figures import BAND_NAMES, Figure
from services.audit.figures.publishing import Shown as ShownFigure
from services.audit.figures.publishing import of_figure, shown
from services.audit.figures.suppression import Shown, TablePart, publish_crossed, publish_tables

# Only counts of 1 and 2 are small here, so that there are few worlds.
SMALL = 3

LARGEST = 6
NAMES = "abcd"
counts = st.integers(0, LARGEST)
tables = st.integers(1, 4).flatmap(lambda size: st.lists(counts, min_size=size, max_size=size))


def named(values: Iterable[int]) -> dict[str, int]:
    return dict(zip(NAMES, values, strict=False))


def is_small(count: int) -> bool:
    return 0 < count < SMALL


def given_away(worlds: Iterable[Sequence[int]], truth: Sequence[int]) -> list[int]:
    every = list(worlds)
    assert tuple(truth) in {tuple(world) for world in every}
    columns = list(zip(*every, strict=True))
    return [
        place
        for place, count in enumerate(truth)
        if is_small(count) and (len(set(columns[place])) == 1 or all(map(is_small, columns[place])))
    ]


def ranges(shown: Shown, most: int) -> list[Sequence[int]]:
    return [range(1, most + 1) if count is None else [count] for count in shown.values()]


def worlds_of(shown: Shown, total: int, *, shared: bool = False) -> Iterator[tuple[int, ...]]:
    """Yield each set of counts that fits the published figures."""
    for world in product(*ranges(shown, total)):
        # If `shared` is true, a case may count several times, so the sum may exceed the total.
        if sum(world) == total or (shared and sum(world) > total):
            yield world


@given(tables)
def test_no_small_count_of_a_table_can_be_worked_out_from_its_total(values: list[int]) -> None:
    table, total = named(values), sum(values)
    published = publish_tables({"council": table}, total, SMALL)
    if published.total is None:
        assert all(count in (None, 0) for count in published.tables["council"].values())
    else:
        assert published.total == total
        assert given_away(worlds_of(published.tables["council"], total), values) == []


@given(tables)
def test_a_table_without_a_small_count_is_shown_whole(values: list[int]) -> None:
    table = {name: count for name, count in named(values).items() if not is_small(count)}
    published = publish_tables({"council": table}, sum(table.values()), SMALL)
    assert (published.total, published.tables["council"]) == (sum(table.values()), table)


@given(tables)
def test_what_is_shown_is_true_and_nought_is_never_withheld(values: list[int]) -> None:
    table = named(values)
    published = publish_tables({"council": table}, sum(values), SMALL)
    assert published.tables["council"].keys() == table.keys()
    for name, count in published.tables["council"].items():
        assert count == table[name] or (count is None and table[name] > 0)


# Cases. Each has its providers, and True if it also counts in the part of the figure.
cases_of_providers = st.lists(st.tuples(st.sets(st.sampled_from("abc"), min_size=1), st.booleans()), max_size=9)


@given(cases_of_providers)
@settings(max_examples=300)
def test_the_same_holds_where_one_case_counts_for_several_providers(cases: list[tuple[set[str], bool]]) -> None:
    whole = {name: sum(name in providers for providers, _ in cases) for name in "abc"}
    part = {name: sum(name in providers for providers, counted in cases if counted) for name in "abc"}
    part_total = sum(counted for _, counted in cases)
    published = publish_tables({"provider": whole}, len(cases), SMALL, TablePart(part_total, {"provider": part}))
    if published.total is None:
        return
    assert not is_small(published.total)
    assert not is_small(published.total - part_total)
    worlds = worlds_of(published.tables["provider"], published.total, shared=True)
    assert given_away(worlds, list(whole.values())) == []


@given(st.lists(st.tuples(st.sampled_from([0, 0, 3, 4, 5]), st.integers(0, 4)), min_size=2, max_size=3))
@settings(max_examples=500)
def test_what_a_part_leaves_of_a_figure_is_not_given_away_either(pairs: list[tuple[int, int]]) -> None:
    # The difference of a figure and its part is protected too.
    part, left = named(one for one, _ in pairs), named(other for _, other in pairs)
    whole = {name: part[name] + left[name] for name in part}
    totals = sum(part.values()), sum(whole.values())
    of_part = publish_tables({"council": part}, totals[0], SMALL)
    of_whole = publish_tables({"council": whole}, totals[1], SMALL, TablePart(totals[0], {"council": part}))
    if of_part.total is None or of_whole.total is None:
        return
    worlds = [
        (*parts, *wholes, *(one - other for one, other in zip(wholes, parts, strict=True)))
        for parts in worlds_of(of_part.tables["council"], totals[0])
        for wholes in worlds_of(of_whole.tables["council"], totals[1])
        if all(one >= other for one, other in zip(wholes, parts, strict=True))
    ]
    assert given_away(worlds, [*part.values(), *whole.values(), *left.values()]) == []


def rows_that_fit(shown: Shown, row_sum: int | None, total: int) -> list[tuple[int, ...]]:
    choices = product(*(range(total + 1) if count is None else [count] for count in shown.values()))
    return [row for row in choices if (1 <= sum(row) <= total if row_sum is None else sum(row) == row_sum)]


def fits(columns: Sequence[int], kinds: Shown) -> bool:
    return all(
        there >= 1 if count is None else there == count for there, count in zip(columns, kinds.values(), strict=True)
    )


@pytest.mark.slow
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)).filter(any), min_size=1, max_size=3))
@settings(max_examples=300)
def test_no_small_count_of_a_table_of_councils_by_kinds_can_be_worked_out_from_its_margins(
    values: list[tuple[int, int]],
) -> None:
    crossed = {row: dict(zip("xy", pair, strict=True)) for row, pair in zip(NAMES, values, strict=False)}
    rows = {row: sum(pair.values()) for row, pair in crossed.items()}
    kinds = {kind: sum(pair[kind] for pair in crossed.values()) for kind in "xy"}
    published = publish_tables({"council": rows, "kind": kinds}, sum(rows.values()), SMALL)
    if published.total is None:
        return
    margin, columns = published.tables["council"], published.tables["kind"]
    shown = publish_crossed(crossed, margin, columns, SMALL)
    worlds = [
        world
        for world in product(*(rows_that_fit(shown[row], margin[row], published.total) for row in crossed))
        if sum(map(sum, world)) == published.total
        and fits([sum(column) for column in zip(*world, strict=True)], columns)
    ]
    cells = [tuple(chain(*world)) for world in worlds]
    assert given_away(cells, [pair[kind] for pair in crossed.values() for kind in "xy"]) == []
    sums = [tuple(map(sum, world)) for world in worlds]
    assert given_away(sums, list(rows.values())) == []


def test_a_row_goes_with_its_total_and_every_row_with_the_kinds() -> None:
    crossed = {"a": {"x": 3, "y": 3}, "b": {"x": 3, "y": 4}}
    nothing = {"x": None, "y": None}
    assert publish_crossed(crossed, {"a": None, "b": 7}, {"x": 6, "y": 7}, SMALL) == {"a": nothing, "b": crossed["b"]}
    assert publish_crossed(crossed, {"a": 6, "b": 7}, nothing, SMALL) == {"a": nothing, "b": nothing}


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=4))
def test_a_table_of_councils_by_kinds_without_a_small_count_is_shown_whole(values: list[tuple[int, int]]) -> None:
    crossed = {
        row: {kind: 0 if is_small(count) else count for kind, count in zip("xy", pair, strict=True)}
        for row, pair in zip(NAMES, values, strict=False)
    }
    rows = {row: sum(pair.values()) for row, pair in crossed.items()}
    kinds = {kind: sum(pair[kind] for pair in crossed.values()) for kind in "xy"}
    assert publish_crossed(crossed, rows, kinds, SMALL) == crossed


# One number of days in each band of waits.
DAYS = dict(zip(BAND_NAMES, (1, 5, 10, 20, 40, 90), strict=True))


def waits_of(bands: Sequence[int], day: int = 0) -> ShownFigure:
    counts = Counts()
    for name, number in zip(DAYS, bands, strict=True):
        add_counts(counts, Figure.WAIT_TO_ACKNOWLEDGEMENT, "E06000009", ["RAVN"], str(DAYS[name] + day), number)
    return of_figure(shown(counts, SMALL), Figure.WAIT_TO_ACKNOWLEDGEMENT)


def bands_that_fit(published: ShownFigure) -> list[tuple[int, ...]]:
    assert published.total is not None
    return list(worlds_of(published.tables[Dimension.KIND], published.total))


# Mostly none or one, so that small counts lie beside large ones.
few_or_many = st.sampled_from([0, 0, 1, 1, 2, 3, 6, 9])
waits_in_bands = st.tuples(*[few_or_many] * len(BAND_NAMES)).filter(lambda bands: 10 <= sum(bands) <= 16)


@pytest.mark.slow
@given(waits_in_bands)
@settings(max_examples=150)
def test_no_small_count_of_waits_can_be_worked_out_with_the_help_of_quantiles(bands: tuple[int, ...]) -> None:
    # The attacker drops all worlds that do not have the published quantiles.
    published = waits_of(bands)
    if published.total is None:
        assert published.waits == {}
        return
    worlds = [world for world in bands_that_fit(published) if told(world, published)]
    assert given_away(worlds, bands) == []


def told(world: tuple[int, ...], published: ShownFigure) -> bool:
    wait = published.waits.get((Dimension.TOTAL, ""))
    if wait is None:
        return True
    reached = {tenths: quantile(world, tenths) for tenths in (5, 9)}
    return wait.median in (None, reached[5]) and wait.p90 in (None, reached[9])


def quantile(world: Sequence[int], tenths: int) -> str:
    needed, so_far = sum(world) * tenths, 0
    for name, number in zip(BAND_NAMES, world, strict=True):
        so_far += number
        if so_far * 10 >= needed:
            return name
    raise AssertionError("every quantile is reached in the last band")


@given(waits_in_bands)
def test_quantiles_are_true_and_follow_from_the_published_counts_alone(bands: tuple[int, ...]) -> None:
    # The quantiles do not change if waits move within their band.
    published = waits_of(bands)
    assert waits_of(bands, day=1) == published
    wait = published.waits.get((Dimension.TOTAL, ""))
    for world in bands_that_fit(published) if wait and published.total else ():
        assert told(world, published)


def test_ten_waits_of_which_one_is_long_do_not_tell_that_nine_are_not() -> None:
    assert waits_of((0, 0, 0, 0, 9, 1)).waits == {}
