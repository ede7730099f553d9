from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import date

import pytest
from justhtml import JustHTML

from schemas.codes import CaseState, MatchLevel
from services.alerts.message.message import LISTED, CaseLine
from services.alerts.message.short_form import link_of
from services.alerts.message.wording import STATES
from tests.support.checks.html import attribute, the_one
from tests.unit.alerts.messages.digests import LINK, a_case, a_digest, every_kind, mail, many

WEEKDAYS = "Mon|Tue|Wed|Thu|Fri|Sat|Sun|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
DAY = re.compile(rf"(?:\S+ )?\d{{1,2}} (?:{MONTHS}|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b")


def words(text: str) -> str:
    return " ".join(text.split())


def html_words(html: str) -> str:
    return words(the_one(JustHTML(html, sanitize=False), "body").to_text())


class TestFirstLines:
    def test_they_say_what_and_by_when_before_anything_else(self) -> None:
        lines = mail().text.splitlines()
        assert lines[0] == "Blackpool: 1 alarm line needs action"
        assert "switched. The date is Thursday 3 December 2026, in 3 days." in words(mail().text)

    def test_each_kind_of_urgency_has_its_sentence_the_worst_first(self) -> None:
        text = words(mail(*every_kind()).text)
        said = [
            "has been switched and nobody",
            "calls restricted",
            "passed its date",
            "put back",
            "as planned",
            "a date we",
        ]
        places = [text.index(words_said) for words_said in said]
        assert places == sorted(places)

    def test_a_past_date_says_how_long_ago(self) -> None:
        assert "The date was Monday 23 November 2026, 7 days ago." in words(
            mail(a_case(harm_on=date(2026, 11, 23))).text
        )

    @pytest.mark.parametrize(
        ("reason", "said"),
        [
            ("threshold_reached", "The date is 7 days away or less."),
            ("something_changed", "has changed since the last message."),
            ("repeat", "This is reminder 2. Nobody has acknowledged the messages before it."),
            ("acknowledgement_lapsed", "The pause has ended"),
            ("date_unknown", "The provider has not said when."),
        ],
    )
    def test_they_say_why_the_message_comes_now(self, reason: str, said: str) -> None:
        assert said in words(mail(reason=reason, repeat_number=2).text)

    def test_a_simulated_clock_is_said_first_of_all(self) -> None:
        message = mail(clock_note="The clock is simulated. No real line is at risk.")
        assert message.text.startswith("The clock is simulated.")
        assert html_words(message.html).startswith("Pullcord The clock is simulated.")


class TestWhatToDo:
    def test_the_link_stands_alone_on_its_line_and_acknowledges_nothing(self) -> None:
        text = mail().text
        assert f"\n   {LINK}\n" in text
        assert "Opening the link acknowledges nothing; you give your name on the page." in words(text)

    def test_the_html_has_one_link_as_a_button_and_as_an_address(self) -> None:
        anchors = JustHTML(mail().html, sanitize=False).query("a")
        assert [attribute(anchor, "href") for anchor in anchors] == [LINK, LINK]

    def test_it_says_what_an_acknowledgement_does_not_do_and_what_makes_a_line_safe(self) -> None:
        text = words(mail().text)
        assert "It pauses these messages for a limited time." in text
        assert "It does not make anyone safe." in text
        assert "a compatible and functioning telecare solution" in text
        assert "Asking for a hold stops nothing." in text

    def test_it_uses_the_official_term(self) -> None:
        text = words(mail().text)
        assert "needs a supported journey" in text
        assert "vulnerable" not in text

    def test_a_line_already_failing_comes_first_in_the_steps(self) -> None:
        assert "2. Start today with the lines that are overdue" in words(mail(a_case(state="line_restricted")).text)

    def test_a_step_no_case_needs_is_left_out(self) -> None:
        assert "probable or possible" not in words(mail().text).split("THE CASES", maxsplit=1)[0]
        assert "Where the match is probable or possible" in words(mail(a_case(level=MatchLevel.PROBABLE)).text)

    def test_it_says_who_else_was_told(self) -> None:
        assert "You get this as a contact of: Telecare team inbox." in words(mail().text)


class TestTable:
    def test_the_columns_of_the_plain_text_are_aligned(self) -> None:
        lines = mail(*every_kind()).text.splitlines()
        rows = [line for line in lines if line.startswith("C-")]
        heading = next(line for line in lines if line.startswith("Case  "))
        starts = [heading.index(name) for name in ("Alarm", "How sure", "Provider")]
        assert len(rows) == len(every_kind())
        assert all(row[start - 1] == " " and row[start] != " " for row in rows for start in starts)

    def test_a_long_provider_goes_on_below_itself(self) -> None:
        lines = mail(a_case(provider="Fixed Line Company of the North")).text.splitlines()
        first = next(index for index, line in enumerate(lines) if "Fixed Line" in line)
        assert lines[first + 1].index("Company") == lines[first].index("Fixed")

    def test_it_says_how_sure_each_match_is(self) -> None:
        text = words(mail(*every_kind()).text)
        assert "6 confirmed: same telephone number" in text
        assert "1 probable: same address, please confirm" in text
        assert "1 possible: area notice, please check" in text

    def test_a_restriction_before_the_switch_shows_both_dates(self) -> None:
        text = words(mail(*every_kind()).text)
        assert "Calls restricted, then switch Thu 28 Jan 2027." in text

    def test_five_hundred_cases_are_summarised_and_the_most_urgent_listed(self) -> None:
        overdue = a_case(reference="C-LATE-0001", harm_on=date(2026, 11, 26))
        message = mail(*many(499), overdue)
        assert sum(line.startswith("C-") for line in message.text.splitlines()) == LISTED
        assert "480 more are on the page." in words(message.text)
        assert message.text.index("C-LATE-0001") < message.text.index("C-0000-ABCD")
        assert len(JustHTML(message.html, sanitize=False).query('tbody th[scope="row"]')) == LISTED
        assert len(message.html) < 100_000

    def test_every_date_has_its_weekday(self) -> None:
        message = mail(*every_kind())
        for text in (mail().subject, words(message.text), html_words(message.html)):
            found = DAY.findall(text)
            assert found
            assert all(re.match(rf"\(?(?:{WEEKDAYS}) ", day) for day in found), found

    def test_every_state_of_a_case_has_words(self) -> None:
        assert set(STATES) == set(CaseState)

    def test_plain_text_is_wrapped_at_72_columns_but_for_the_link(self) -> None:
        lines = [line for line in mail(*every_kind()).text.splitlines() if LINK not in line]
        assert max(map(len, lines)) <= 72


class TestPrivacy:
    def test_a_digest_has_no_field_for_a_person_a_number_or_an_address(self) -> None:
        assert {field.name for field in fields(CaseLine)} == {
            "reference",
            "level",
            "harm_on",
            "planned_on",
            "restriction_on",
            "provider",
            "state",
            "reason",
            "claimed_by",
            "doubts",
            "unsure_days",
            "changes",
        }

    def test_a_code_that_is_not_known_is_not_shown_as_it_came(self) -> None:
        message = mail(a_case(state="rang 01632 960123", reason="Pat Lee"), reason="call 01632 960123")
        assert "960123" not in message.text + message.html
        assert "Pat Lee" not in message.text + message.html

    @pytest.mark.parametrize("name", ["ring 01632 960123", "pat@example.com", "https://example.com/x", " \n"])
    def test_a_name_that_is_a_number_or_an_address_is_not_shown(self, name: str) -> None:
        message = mail(a_case(provider=name), tier=name, council=name)
        for part in (message.subject, words(message.text), html_words(message.html)):
            assert "name not shown" in part
            assert name.strip() == "" or name not in part

    def test_beyond_references_dates_and_counts_the_body_holds_no_digits(self) -> None:
        body = words(mail(*every_kind()).text).replace(LINK, "")
        body = re.sub(r"\b[AC]-[0-9A-Z]{4}-[0-9A-Z]{4}\b", "", body)
        body = re.sub(rf"(?:{WEEKDAYS}) \d{{1,2}} \w+ \d{{4}}(?: at \d{{1,2}}:\d\d[ap]m)?", "", body)
        body = re.sub(r"\b\d{1,3} (?:alarm line|confirmed|probable|possible|days)|\b\d\. ", "", body)
        assert re.findall(r"\d", body) == []

    def test_a_hostile_provider_name_stays_text(self) -> None:
        hostile = "<img src=x onerror=alert(1)> & Sons"
        document = JustHTML(mail(a_case(provider=hostile)).html, sanitize=False, strict=True)
        assert document.query("img") == []
        assert hostile in words(the_one(document, "body").to_text())


class TestHtml:
    @pytest.fixture
    def document(self) -> JustHTML:
        return JustHTML(mail(*every_kind(), clock_note="Simulated.").html, sanitize=False, strict=True)

    def test_it_is_valid_english_and_has_one_heading_and_a_title(self, document: JustHTML) -> None:
        assert attribute(the_one(document, "html"), "lang") == "en-GB"
        assert len(document.query("h1")) == 1
        assert the_one(document, "title").to_text() == mail(*every_kind()).subject

    def test_nothing_is_loaded_from_anywhere(self, document: JustHTML) -> None:
        assert document.query("img, link, script, iframe, object, video, audio, form") == []
        assert "url(" not in mail().html
        assert "@import" not in mail().html

    def test_layout_tables_are_hidden_from_screen_readers_and_the_data_table_has_headers(
        self, document: JustHTML
    ) -> None:
        tables = document.query("table")
        data = [table for table in tables if (table.attrs or {}).get("role") != "presentation"]
        assert len(data) == 1
        assert [attribute(cell, "scope") for cell in data[0].query("thead th")] == ["col"] * 3
        assert len(data[0].query('tbody th[scope="row"]')) == len(every_kind())

    def test_it_says_the_same_as_the_plain_text(self) -> None:
        message = mail(*every_kind())
        html = html_words(message.html)
        for sentence in ("passed its date", "Opening the link acknowledges nothing", "does not make anyone safe"):
            assert sentence in html
        for case in every_kind():
            assert case.reference in html


def test_an_alert_without_cases_is_refused() -> None:
    with pytest.raises(ValueError, match="without a case"):
        replace(a_digest(), cases=())


def test_only_a_message_about_changes_that_wait_has_a_second_link_and_the_first_is_the_one_to_acknowledge() -> None:
    changes = f"{LINK}x/changes"
    plain, waiting = mail(), mail(changes_link=changes)
    assert not any("/changes" in text for text in (plain.text, plain.html))
    assert [text.count(changes) for text in (waiting.text, waiting.html)] == [1, 1]
    assert [word for word in waiting.text.split() if "/a/" in word] == [LINK, changes]
    assert link_of(waiting) == LINK
