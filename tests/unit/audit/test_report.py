from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from justhtml import JustHTML

from services.audit.figures.figures import DEFINITIONS
from services.audit.figures.publishing import MonthShown
from services.audit.report import plots
from services.audit.report.plots import Point, Reach
from services.audit.report.report import render_report
from services.audit.report.report_view import HEADLINES
from services.audit.report.wording import Value
from tests.support.checks.html import attribute, the_one
from tests.support.checks.oversight_page import MONTHS, NAMES, TO_DATE

MADE_AT = datetime(2026, 12, 10, 9, 30, tzinfo=UTC)


def page_of(months: list[MonthShown] = MONTHS) -> JustHTML:
    return JustHTML(render_report(months, NAMES, MADE_AT), sanitize=False, strict=True)


def words(document: JustHTML) -> str:
    return " ".join(document.to_text().split())


def rows(document: JustHTML, caption: str) -> list[list[str]]:
    (table,) = [one for one in document.query("table") if one.query("caption")[0].to_text() == caption]
    return [[" ".join(cell.to_text().split()) for cell in line.query("th, td")] for line in table.query("tbody tr")]


@pytest.fixture
def page() -> JustHTML:
    return page_of()


def test_it_needs_nothing_else_and_runs_nothing(page: JustHTML) -> None:
    assert page.query("script, iframe, object, img, form, [onclick], link[rel='stylesheet']") == []
    links = [attribute(link, "href") for link in page.query("[href]")]
    assert [link for link in links if not link.startswith("#")] == ["data:,"]
    assert re.search(r"url\(|@import|https?:", render_report(MONTHS, NAMES, MADE_AT)) is None
    policy = attribute(the_one(page, "meta[http-equiv='Content-Security-Policy']"), "content")
    assert policy.startswith("default-src 'none'")


def test_it_has_one_heading_its_title_and_ids_of_their_own(page: JustHTML) -> None:
    assert [one.to_text() for one in page.query("h1")] == ["Oversight: September 2026 to November 2026"]
    assert the_one(page, "title").to_text() == "Oversight: September 2026 to November 2026 \N{EN DASH} Pullcord"
    ids = [attribute(one, "id") for one in page.query("[id]")]
    assert len(ids) == len(set(ids))
    named = {name for one in page.query("[aria-labelledby]") for name in attribute(one, "aria-labelledby").split()}
    assert named <= set(ids)


def test_first_comes_the_last_month_at_a_glance_beside_the_one_before(page: JustHTML) -> None:
    cards = [" ".join(one.to_text().split()) for one in page.query(".glance > div")]
    due = "checks after migration fallen due"
    assert cards[0] == f"Migrated unconfirmed 32 of 52 {due} October 2026: withheld of 24"
    assert cards[3] == "Cases at risk 160 October 2026: 160"
    took = "3 to 7 days half took no longer, of 40 waits"
    assert cards[4] == f"Wait until a named person acted {took} October 2026: 3 to 7 days of 40"
    assert cards[5] == "Wait until confirmed safe none October 2026: none"


def test_every_figure_is_there_with_what_it_counts_and_what_it_traces_to(page: JustHTML) -> None:
    text = words(page)
    for definition in DEFINITIONS:
        assert definition.counts in text
        assert definition.rule in text
    assert [one.to_text() for one in page.query("article h3")] == [one.title for one in DEFINITIONS]


def test_tables_show_what_is_withheld_as_a_word_and_never_as_nought(page: JustHTML) -> None:
    nation = rows(page, "The nation, month by month")
    assert [line[:2] for line in nation] == [
        ["September 2026", "20 of 40"],
        ["October 2026", "withheld of 24"],
        ["November 2026", "32 of 52"],
    ]
    providers = rows(page, "Every provider with a case: November 2026")
    assert [line[:2] for line in providers] == [
        ["Harbour <b>Telecom</b> HBRT", "24 of 34"],
        ["Raven Telecom RAVN", "8 of 18"],
    ]


def test_a_wait_of_a_council_stands_beside_the_number_of_its_waits(page: JustHTML) -> None:
    councils = rows(page, "Every council with a case: November 2026")
    assert [line[6] for line in councils] == ["8 to 14 of 20", "3 to 7 of 20"]


def test_a_stock_that_was_not_taken_is_not_known(page: JustHTML) -> None:
    lines = rows(page, "Feeds, heard and silent: the nation, month by month")
    assert lines[0][1:] == ["not known", "not known", "not known"]


def test_kinds_have_their_columns_for_the_nation_and_for_each(page: JustHTML) -> None:
    assert rows(page, "Holds asked for, granted and refused: the nation, month by month")[0][1:] == [
        "12",
        "12",
        "0",
        "0",
    ]
    by_provider = rows(page, "Holds asked for, granted and refused by provider: November 2026")
    assert by_provider == [
        ["Harbour <b>Telecom</b> HBRT", "6", "6", "0", "0"],
        ["Raven Telecom RAVN", "6", "6", "0", "0"],
    ]


def test_every_table_has_a_caption_and_every_cell_its_headings(page: JustHTML) -> None:
    for table in page.query("table"):
        assert table.query("caption")
        assert {attribute(one, "scope") for one in table.query("thead th")} == {"col"}
        assert {attribute(one, "scope") for one in table.query("tbody th")} == {"row"}
        width = len(table.query("thead th"))
        assert all(len(line.query("th, td")) == width for line in table.query("tbody tr"))


def test_every_plot_says_in_words_what_it_shows(page: JustHTML) -> None:
    titles = [one.query("title")[0].to_text() for one in page.query("svg")]
    assert "Migrated unconfirmed by month: Sep 26 20, Oct 26 withheld, Nov 26 32" in titles
    said = [f"{month} 26 half within 3 to 7, nine in ten within 8 to 14" for month in ("Sep", "Oct", "Nov")]
    assert f"Wait until a named person acted by month, in days: {'; '.join(said)}" in titles
    assert all(attribute(one, "role") == "img" for one in page.query("svg"))


def test_names_that_somebody_typed_stay_text(page: JustHTML) -> None:
    assert page.query("b") == []


def test_a_month_that_is_not_over_is_marked_and_must_not_be_published() -> None:
    document = page_of(TO_DATE)
    assert "December 2026 is not over. Its figures are those of 10 December 2026, 09:30. Do not publish them" in words(
        document
    )
    assert rows(document, "The nation, month by month")[-1][0] == "December 2026 to date"
    assert len(document.query("rect.partial")) == len(HEADLINES)
    assert page_of(MONTHS).query(".note, .partial") == []


def test_one_month_has_no_plots_over_time() -> None:
    document = page_of(MONTHS[-1:])
    assert document.query("h1")[0].to_text() == "Oversight: November 2026"
    assert document.query("#time") == []


def test_a_bar_is_as_long_as_its_count_and_nothing_has_none() -> None:
    bars = plots.columns([Point("a", 10), Point("b", 5), Point("c", 0), Point("d", None, "withheld")]).bars
    assert bars[0].height == 2 * bars[1].height > 0
    assert (bars[2].height, bars[3].height) == (0, 0)
    lying = plots.rows([Point("a", 10), Point("b", 5), Point("c", None, "withheld")]).bars
    assert lying[0].width == 2 * lying[1].width > lying[2].width == 0
    assert lying[0].y < lying[1].y < lying[2].y


def test_bars_and_texts_stay_within_their_picture() -> None:
    for count in (1, 12, 120):
        plot = plots.columns([Point("Nov 26", number + 1) for number in range(count)])
        assert all(bar.x >= 0 and bar.x + bar.width <= plot.width for bar in plot.bars)
        assert all(0 <= bar.text_y <= plot.base and bar.height <= plot.base for bar in plot.bars)


def test_where_months_are_many_only_some_are_named_the_last_among_them() -> None:
    bars = plots.columns([Point("Nov 26", 1)] * 60).bars
    named = [number for number, bar in enumerate(bars) if bar.labelled]
    assert named[-1] == 59
    assert all(bars[later].label_x - bars[one].label_x >= plots.LABEL_WIDTH for one, later in pairwise(named))


def test_texts_of_twelve_large_counts_run_upwards_and_stay_within_the_picture() -> None:
    points = [Point("Nov 26", 1_234 * number) for number in range(11)]
    for texts in ([Point("Dec 26", None, "withheld")], [Point("Dec 26", None, "not known")], [Point("Dec 26", 98_765)]):
        plot = plots.columns([*points, *texts])
        assert all(bar.upright for bar in plot.bars)
        assert all(bar.text_y - len(bar.point.text) * plots.SIGN_WIDTH >= 0 for bar in plot.bars)


@given(st.lists(st.one_of(st.integers(0, 2_000_000), st.none()), min_size=1, max_size=24))
def test_no_text_above_a_bar_reaches_into_the_next_one(counts: list[int | None]) -> None:
    bars = plots.columns([Point("Nov 26", count, "withheld") for count in counts]).bars
    for one, later in pairwise(bars):
        wide = 13 if one.upright else (len(one.point.text) + len(later.point.text)) / 2 * plots.SIGN_WIDTH
        assert later.text_x - one.text_x >= wide


def test_a_wait_reaches_from_the_band_of_half_up_to_that_of_nine_in_ten() -> None:
    few = Reach("Dec 26", Value("too few"), Value("too few"))
    half_only = Reach("Jan 27", Value("3 to 7", 1), Value("withheld"))
    plot = plots.spans([Reach("Nov 26", Value("3 to 7", 1), Value("over 56", 5)), few, half_only])
    one, none, half = plot.spans
    at = dict(plot.axis)
    assert (one.median_y, one.p90_y) == (at["3 to 7"], at["over 56"])
    assert at["over 56"] < at["3 to 7"] < plot.base
    assert (none.median_y, none.p90_y) == (None, None)
    assert (half.median_y, half.p90_y) == (at["3 to 7"], None)
