from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from justhtml import JustHTML

from services.console.drill_pages import DrillView, drill_page, drill_problem_page
from services.console.link_problems import LinkProblem
from services.console.pages import NAME_FIELD, FormError
from tests.support.checks.html import attribute, the_one

Parse = Callable[[str], JustHTML]
VIEW = DrillView(
    council="Blackpool", reference="D-3F9K-7PQ2", answered_at=None, form_action="/d/secret", csp_nonce="n0nce"
)


def words(document: JustHTML) -> str:
    return " ".join(the_one(document, "main").to_text().split())


def test_the_form_posts_a_name_to_the_secret_address(parsed: Parse) -> None:
    page = parsed(drill_page(VIEW))
    form = the_one(page, "form")
    assert (attribute(form, "method"), attribute(form, "action")) == ("post", "/d/secret")
    assert attribute(the_one(page, "input"), "name") == NAME_FIELD
    assert "No line is at risk because of it" in words(page)
    assert "Nothing is answered until you press the button." in words(page)


def test_a_missing_name_is_shown_at_the_field_and_at_the_top(parsed: Parse) -> None:
    page = parsed(drill_page(replace(VIEW, error=FormError.NAME_MISSING)))
    assert the_one(page, "title").to_text().startswith("Error: ")
    assert words(page).count("Enter your name") == 2


def test_an_answered_drill_has_no_form(parsed: Parse) -> None:
    page = parsed(drill_page(replace(VIEW, answered_at=datetime(2026, 12, 1, 11, 25, tzinfo=UTC))))
    assert page.query("form") == []
    assert "Tuesday 1 December 2026 at 11:25am" in words(page)


def test_what_was_typed_is_never_taken_as_markup(parsed: Parse) -> None:
    page = drill_page(replace(VIEW, name='"><script>', error=FormError.NAME_NOT_A_PERSON))
    assert parsed(page).query("script") == []


@pytest.mark.parametrize("problem", list(LinkProblem))
def test_a_link_that_has_ended_names_no_council_and_no_drill(parsed: Parse, problem: LinkProblem) -> None:
    page = words(parsed(drill_problem_page(problem, csp_nonce="n0nce")))
    assert "This page has answered no drill." in page
    assert "Blackpool" not in page
    assert "D-3F9K" not in page
