from __future__ import annotations

import pytest

from services.audit.figures.counting import Counts, Dimension, add_counts
from services.audit.figures.figures import BAND_NAMES, DEFINITIONS, Figure
from services.audit.figures.publishing import Shown, band, denominator, of_figure, shown
from services.audit.figures.quantiles import Wait

BLACKPOOL, CARDIFF = "E06000009", "W06000015"


def of(counts: Counts, figure: Figure) -> Shown:
    return next(one for one in shown(counts) if one.definition.figure is figure)


def counts_of(figure: Figure, *rows: tuple[str, str, str, int]) -> Counts:
    """Return counts of the figure. Each row is a council, a provider, a kind and a number."""
    counts = Counts()
    for council, provider, kind, number in rows:
        add_counts(counts, figure, council, [provider], kind, number)
    return counts


@pytest.mark.parametrize(
    ("days", "name"),
    [(0, "0_to_2_days"), (2, "0_to_2_days"), (3, "3_to_7_days"), (56, "29_to_56_days"), (57, "over_56_days")],
)
def test_a_wait_is_shown_in_its_band(days: int, name: str) -> None:
    assert band(days) == name


def test_kinds_that_are_known_beforehand_are_all_shown_in_their_order() -> None:
    holds = of(counts_of(Figure.HOLDS, (BLACKPOOL, "RAVN", "refused", 7)), Figure.HOLDS)
    assert holds.tables[Dimension.KIND] == {"asked": 0, "granted": 0, "refused": 7}
    assert list(holds.tables[Dimension.KIND]) == ["asked", "granted", "refused"]
    assert holds.tables[Dimension.PROVIDER_KIND] == {"RAVN/asked": 0, "RAVN/granted": 0, "RAVN/refused": 7}


def test_half_and_nine_in_ten_are_told_by_the_band_in_which_they_had_ended() -> None:
    rows = ((BLACKPOOL, "RAVN", "4", 12), (BLACKPOOL, "RAVN", "20", 6), (BLACKPOOL, "RAVN", "40", 6))
    made = of(counts_of(Figure.WAIT_TO_ACKNOWLEDGEMENT, *rows), Figure.WAIT_TO_ACKNOWLEDGEMENT)
    assert set(made.waits.values()) == {Wait("3_to_7_days", "29_to_56_days")}
    assert set(made.waits) == {(Dimension.TOTAL, ""), (Dimension.COUNCIL, BLACKPOOL), (Dimension.PROVIDER, "RAVN")}


def test_of_fewer_than_ten_waits_no_median_is_shown() -> None:
    rows = ((BLACKPOOL, "RAVN", "3", 9), (CARDIFF, "HBRT", "4", 10))
    waits = of(counts_of(Figure.WAIT_TO_ACKNOWLEDGEMENT, *rows), Figure.WAIT_TO_ACKNOWLEDGEMENT).waits
    assert set(waits) == {(Dimension.TOTAL, ""), (Dimension.COUNCIL, CARDIFF), (Dimension.PROVIDER, "HBRT")}


@pytest.mark.parametrize(
    ("days", "shown_as"),
    [
        # One of ten waits is over 56 days. The figures must not reveal that the other nine are shorter.
        ([*([30] * 9), 60], None),
        ([*([3] * 6), *([10] * 3), 80], None),
        # The median is in a band with a published count. The band of the 90th percentile depends on withheld counts.
        ([*([5] * 20), *([10] * 3), *([60] * 3)], Wait("3_to_7_days", None)),
        ([*([5] * 10), *([20] * 10)], Wait("3_to_7_days", "15_to_28_days")),
        ([90] * 12, Wait("over_56_days", "over_56_days")),
    ],
)
def test_a_quantile_tells_no_count_that_is_withheld(days: list[int], shown_as: Wait | None) -> None:
    rows = [(BLACKPOOL, "RAVN", str(day), 1) for day in days]
    made = of(counts_of(Figure.WAIT_TO_ACKNOWLEDGEMENT, *rows), Figure.WAIT_TO_ACKNOWLEDGEMENT)
    assert made.waits.get((Dimension.TOTAL, "")) == shown_as


def test_a_part_stands_beside_the_published_count_of_the_whole() -> None:
    counts = counts_of(Figure.POST_CHECKS_DUE, (BLACKPOOL, "RAVN", "", 30), (CARDIFF, "HBRT", "", 20))
    counts += counts_of(Figure.MIGRATED_UNCONFIRMED, (BLACKPOOL, "RAVN", "", 18))
    figures = shown(counts)
    part = of_figure(figures, Figure.MIGRATED_UNCONFIRMED)
    assert denominator(figures, part, Dimension.TOTAL, "") == 50
    assert denominator(figures, part, Dimension.COUNCIL, CARDIFF) == 20
    assert denominator(figures, of_figure(figures, Figure.HOLDS), Dimension.TOTAL, "") is None


def test_a_confirmation_that_must_be_withheld_is_not_given_away_by_the_wait_that_it_ended() -> None:
    counts = Counts()
    for party, number in (("provider", 2), ("customer", 2), ("telecare_company", 1)):
        add_counts(counts, Figure.CONFIRMATIONS, BLACKPOOL, ["RAVN"], party, number)
        add_counts(counts, Figure.WAIT_TO_CONFIRMATION, BLACKPOOL, ["RAVN"], "3", number)
    for figure in (Figure.CONFIRMATIONS, Figure.WAIT_TO_CONFIRMATION):
        made = of(counts, figure)
        assert (made.total, made.tables[Dimension.COUNCIL], made.waits) == (None, {BLACKPOOL: None}, {})


def test_the_larger_figure_is_withheld_where_what_a_part_leaves_of_it_is_small() -> None:
    counts = counts_of(Figure.POST_CHECKS_DUE, (BLACKPOOL, "RAVN", "", 20), (CARDIFF, "HBRT", "", 20))
    counts += counts_of(Figure.MIGRATED_UNCONFIRMED, (BLACKPOOL, "RAVN", "", 18), (CARDIFF, "HBRT", "", 10))
    assert of(counts, Figure.MIGRATED_UNCONFIRMED).tables[Dimension.COUNCIL] == {BLACKPOOL: 18, CARDIFF: 10}
    due = of(counts, Figure.POST_CHECKS_DUE)
    assert (due.total, due.tables[Dimension.COUNCIL]) == (40, {BLACKPOOL: None, CARDIFF: None})


def test_a_row_of_kinds_with_a_small_count_takes_others_with_it_and_leaves_the_rest() -> None:
    rows = [(f"E0600000{number}", "RAVN", "fresh", 50) for number in range(1, 4)]
    rows += [("E06000001", "RAVN", "stale", 2), ("E06000002", "RAVN", "stale", 30), ("E06000003", "RAVN", "stale", 40)]
    crossed = of(counts_of(Figure.REGISTER_ENTRIES, *rows), Figure.REGISTER_ENTRIES).tables[Dimension.COUNCIL_KIND]
    assert crossed == {
        "E06000001/fresh": None,
        "E06000001/stale": None,
        "E06000002/fresh": None,
        "E06000002/stale": None,
        "E06000003/fresh": 50,
        "E06000003/stale": 40,
    }


def test_feeds_are_no_people_so_each_is_shown() -> None:
    counts = Counts()
    add_counts(counts, Figure.FEEDS, BLACKPOOL, (), "heard")
    add_counts(counts, Figure.FEEDS, None, ["RAVN"], "silent")
    made = of(counts, Figure.FEEDS)
    assert (made.total, made.tables[Dimension.KIND]) == (2, {"heard": 1, "silent": 1})
    assert made.tables[Dimension.PROVIDER_KIND] == {"RAVN/heard": 0, "RAVN/silent": 1}


def test_a_figure_is_shown_for_those_it_is_counted_for() -> None:
    made = shown(Counts({(figure.value, "total", ""): 0 for figure in Figure}))
    for one in made:
        crossed = {f"{dimension}_kind" for dimension in one.definition.by}
        assert set(one.tables) - {Dimension.KIND} - crossed == set(one.definition.by)
        assert one.counted


def test_a_stock_that_was_not_taken_is_not_shown_as_nought() -> None:
    made = of(Counts(), Figure.FEEDS)
    assert (made.counted, made.total, made.tables) == (False, None, {})


def test_every_figure_is_defined_once_and_leads_only_to_others_that_are() -> None:
    assert [one.figure for one in DEFINITIONS] == list(Figure)
    assert {one.part_of for one in DEFINITIONS} | {one.counted_as for one in DEFINITIONS} | {
        one.out_of for one in DEFINITIONS
    } <= {None, *Figure}
    assert all(one.counts.endswith(".") and one.rule and one.title for one in DEFINITIONS)


def test_the_bands_are_named_for_their_days() -> None:
    assert [name for name in BAND_NAMES if name != band(int(name.split("_")[0].replace("over", "57")))] == []
