from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from services.audit.figures.months import Month
from services.audit.figures.publishing import MonthShown
from services.audit.report.report import render_report
from tests.support.checks.oversight_page import MONTHS, NAMES, TO_DATE, a_month

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.network, pytest.mark.enable_socket]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
MADE_AT = datetime(2026, 12, 10, 9, 30, tzinfo=UTC)
A_YEAR = [a_month(Month(2026, month), month) for month in range(1, 13)]


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Page:
    return chromium.new_page()


@pytest.mark.parametrize("width", [360, 794, 1280])
@pytest.mark.parametrize("months", [MONTHS[-1:], TO_DATE, A_YEAR], ids=["a month", "to date", "a year"])
def test_it_is_accessible_and_never_scrolls_sideways(page: Page, months: list[MonthShown], width: int) -> None:
    page.set_viewport_size({"width": width, "height": 1000})
    page.set_content(render_report(months, NAMES, MADE_AT))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    results = Axe().run(page, options={"resultTypes": ["violations"], "runOnly": RULES})
    assert results.violations_count == 0, results.generate_report()


OVERPRINTED = """
[...document.querySelectorAll("svg.plot")].flatMap(plot => {
  const boxes = [...plot.querySelectorAll("text")].map(text => [text.textContent, text.getBoundingClientRect()]);
  return boxes.flatMap(([one, a], place) => boxes.slice(place + 1)
    .filter(([, b]) => a.left + 1 < b.right && b.left + 1 < a.right && a.top + 3 < b.bottom && b.top + 3 < a.bottom)
    .map(([other]) => one + " over " + other));
})
"""


@pytest.mark.parametrize("months", [1, 2, 6, 12, 24, 60])
@pytest.mark.parametrize("largest", [9, 1_234, 98_765])
def test_no_label_of_a_plot_is_printed_over_another(page: Page, months: int, largest: int) -> None:
    page.set_viewport_size({"width": 1280, "height": 1000})
    # Every third month is withheld.
    shown = [
        a_month(Month(2020 + number // 12, number % 12 + 1), 1 if number % 3 == 2 else largest - number % 3)
        for number in range(months)
    ]
    page.set_content(render_report(shown, NAMES, MADE_AT))
    assert page.evaluate(OVERPRINTED) == []


def test_it_asks_for_nothing_from_the_network_and_its_style_passes_its_own_policy(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_content(render_report(MONTHS, NAMES, MADE_AT))
    assert [url for url in asked if not url.startswith("data:")] == []
    colour = "element => getComputedStyle(element).backgroundColor"
    assert page.locator("header").evaluate(colour) == "rgb(11, 12, 12)"


def test_on_a4_no_table_is_wider_than_the_paper(page: Page) -> None:
    page.set_viewport_size({"width": 688, "height": 1000})
    page.emulate_media(media="print")
    page.set_content(render_report(A_YEAR, NAMES, MADE_AT))
    widths = page.evaluate("[...document.querySelectorAll('table')].map(table => table.scrollWidth)")
    assert len(widths) > 10
    assert max(widths) <= 688
    page.emulate_media(media="screen")


def test_it_is_printed_on_a4_in_a_few_pages(page: Page) -> None:
    page.set_content(render_report(MONTHS, NAMES, MADE_AT))
    printed = page.pdf(prefer_css_page_size=True)
    boxes = re.findall(rb"/MediaBox ?\[ ?0 0 ([\d.]+) ([\d.]+)\]", printed)
    assert {(round(float(width)), round(float(height))) for width, height in boxes} == {(595, 842)}
    assert len(boxes) >= 3
