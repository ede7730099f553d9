from __future__ import annotations

from datetime import date

import pytest
from justhtml import JustHTML

from services.alerts.message.case_line import CaseLine, case_row
from services.alerts.message.message import Message
from services.alerts.message.withdrawn_message import render_withdrawn
from tests.support.checks.html import the_one
from tests.unit.alerts.messages.digests import LINK, NOW, a_case, a_digest, many

REASON = "notice_withdrawn"


def mail(*cases: CaseLine, **changes: str) -> Message:
    return render_withdrawn(a_digest(*cases, reason=REASON, **changes), NOW)


def words(text: str) -> str:
    return " ".join(text.split())


def test_the_subject_says_that_nothing_is_to_be_done_by_a_date() -> None:
    assert mail(*many(12)).subject == "No longer planned: switch of 12 alarm lines (Blackpool) [A-3F9K-7PQ2]"


@pytest.mark.parametrize(("count", "said"), [(1, "1 alarm line"), (1204, "1,204 alarm lines")])
def test_it_says_first_how_many_lines_and_what_became_of_them(count: int, said: str) -> None:
    assert words(mail(*many(count)).text).startswith(f"Blackpool: {said} no longer planned to be switched")


def test_it_says_what_to_look_at_since_a_notice_may_be_withdrawn_or_lost_by_mistake() -> None:
    text = words(mail().text)
    assert "ask the provider whether the line stays as it is" in text
    assert "check that its telephone number and address are right" in text
    assert "Nothing needs to be acknowledged" in text


def test_it_shows_each_case_with_the_day_that_was_told_and_the_provider() -> None:
    text = mail(a_case(reference="C-7K3M-2Q9P", harm_on=date(2026, 12, 3), provider="Example Telecom")).text
    assert "C-7K3M-2Q9P  Thu 3 Dec 2026    Example Telecom\n" in text


def test_no_distance_is_counted_to_a_day_that_no_longer_comes() -> None:
    shown = case_row(a_case(state="notice_withdrawn", restriction_on=date(2026, 12, 1)), date(2026, 11, 30))
    assert (shown.distance, shown.event, shown.later) == ("", "no longer planned", "")


def test_twenty_are_listed_and_the_others_counted() -> None:
    message = mail(*many(500))
    assert message.text.count("-ABCD ") == 20
    assert "480 more are on the page" in words(message.text)
    assert "480 more are on the page" in words(JustHTML(message.html).to_text())


def test_a_simulated_clock_is_said_first_of_all() -> None:
    assert mail(clock_note="The clock is simulated.").text.startswith("The clock is simulated.")


def test_plain_text_is_wrapped_at_72_columns_but_for_the_link() -> None:
    assert [line for line in mail(*many(3)).text.splitlines() if len(line) > 72 and LINK not in line] == []


def test_the_html_is_valid_and_says_the_same() -> None:
    document = JustHTML(mail().html, sanitize=False, strict=True)
    assert the_one(document, "title").to_text() == mail().subject
    assert len(document.query("h1")) == 1
    text, html = words(mail().text), words(document.to_text())
    for sentence in ("withdrawn its notice", "If one of them is a surprise", "whom you have given a date"):
        assert sentence in text
        assert sentence in html
    assert len(document.query(f'a[href="{LINK}"]')) == 2


def test_a_hostile_provider_name_stays_text() -> None:
    document = JustHTML(mail(a_case(provider="<b>Bold</b>")).html, sanitize=False, strict=True)
    assert document.query("td b") == []
