from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from justhtml import JustHTML

from schemas.codes import MatchLevel
from services.alerts.message.case_line import CaseLine
from services.console.pages import AcknowledgementView, PageCase
from tests.support.checks.html import attribute, the_one

NONCE = "r4nd0mN0nc3"
NOW = datetime(2026, 11, 30, 9, 5, tzinfo=UTC)


@pytest.fixture
def page_cases() -> tuple[PageCase, ...]:
    # The cases are overdue, restricted before the move, dated without a reference, and without a date.
    overdue, restriction, planned = date(2026, 11, 26), date(2026, 12, 3), date(2027, 1, 28)
    rows = [
        ("C-LATE-2222", MatchLevel.CONFIRMED, overdue, overdue, None, "TC/1001"),
        ("C-BARR-2222", MatchLevel.PROBABLE, restriction, planned, restriction, "TC/1002"),
        ("C-DATE-2222", MatchLevel.POSSIBLE, restriction, restriction, None, None),
        ("C-NEVR-2222", MatchLevel.CONFIRMED, None, None, None, "TC/1004"),
    ]
    return tuple(
        PageCase(CaseLine(reference, level, harm, plan, restrict, "Example Telecom", "open", "first_alert"), entry)
        for reference, level, harm, plan, restrict, entry in rows
    )


@pytest.fixture
def view(page_cases: tuple[PageCase, ...]) -> AcknowledgementView:
    return AcknowledgementView(
        council="Blackpool",
        reference="A-3F9K-7PQ2",
        cases=page_cases,
        address="/a/kJ3vQ0n7rTzq8m2L",
        csp_nonce=NONCE,
        now=NOW,
        pauses_until=datetime(2026, 12, 1, 9, 0, tzinfo=UTC),
    )


@pytest.fixture
def parsed() -> Callable[[str], JustHTML]:
    # The parser asserts the rules for every page.
    def parse(html: str) -> JustHTML:
        document = JustHTML(html, sanitize=False, strict=True)
        ids = [attribute(element, "id") for element in document.query("[id]")]
        assert attribute(the_one(document, "html"), "lang") == "en-GB"
        assert len(document.query("h1")) == 1
        assert the_one(document, "title").to_text().endswith(" \N{EN DASH} Pullcord")
        assert len(ids) == len(set(ids))
        assert document.query("script, iframe, object, [onclick]") == []
        assert {attribute(link, "href")[1:] for link in document.query('a[href^="#"]')} <= set(ids)
        assert_every_field_is_labelled(document, ids)
        return document

    return parse


def assert_every_field_is_labelled(document: JustHTML, ids: list[str]) -> None:
    labelled = {attribute(label, "for") for label in document.query("label")}
    assert {attribute(field, "id") for field in document.query("input")} == labelled
    for described in document.query("[aria-describedby]"):
        assert set(attribute(described, "aria-describedby").split()) <= set(ids)
