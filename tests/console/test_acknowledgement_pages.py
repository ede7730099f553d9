from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from justhtml import JustHTML

from services.console.link_problems import LinkProblem
from services.console.pages import (
    ALL_FIELD,
    CASE_FIELD,
    NAME_FIELD,
    PAGE_HEADERS,
    AcknowledgedView,
    Acknowledgement,
    AcknowledgementView,
    FormError,
    PageCase,
    acknowledged_page,
    acknowledgement_page,
    error_page,
    page_headers,
)
from tests.support.checks.html import attribute, the_one


def words(document: JustHTML) -> str:
    return " ".join(the_one(document, "body").to_text().split())


@pytest.fixture
def acknowledged(view: AcknowledgementView) -> AcknowledgedView:
    return AcknowledgedView(
        council="Blackpool",
        reference="A-3F9K-7PQ2",
        cases=view.cases[:3],
        left=view.cases[3:],
        acknowledgement=Acknowledgement("Pat Lee", view.now),
        csp_nonce=view.csp_nonce,
        now=view.now,
    )


class TestTheForm:
    def test_it_posts_a_name_and_the_ticked_cases_to_the_secret_address(
        self, view: AcknowledgementView, parsed: Callable[[str], JustHTML]
    ) -> None:
        document = parsed(acknowledgement_page(view))
        form = the_one(document, "form")
        assert (attribute(form, "method"), attribute(form, "action")) == ("post", "/a/kJ3vQ0n7rTzq8m2L")
        assert attribute(the_one(document, "#name"), "name") == NAME_FIELD
        assert attribute(the_one(document, "#name"), "autocomplete") == "name"
        boxes = document.query('input[type="checkbox"]')
        assert {attribute(box, "name") for box in boxes} == {CASE_FIELD}
        assert {attribute(box, "value") for box in boxes} == {page_case.case.reference for page_case in view.cases}

    def test_it_says_what_is_in_doubt_and_what_to_do(
        self, view: AcknowledgementView, parsed: Callable[[str], JustHTML]
    ) -> None:
        doubted = replace(view.cases[0].case, claimed_by=("Harbour Telecom",))
        page = words(parsed(acknowledgement_page(replace(view, cases=(PageCase(doubted), *view.cases[1:])))))
        assert "Harbour Telecom reported a change and gave no notice of it before: this is its word only" in page
        assert "ring the line, make a test call, and ask the provider." in page

    def test_no_case_is_ticked_at_first(self, view: AcknowledgementView, parsed: Callable[[str], JustHTML]) -> None:
        assert parsed(acknowledgement_page(view)).query("input[checked]") == []

    def test_enter_in_the_name_takes_the_ticked_cases_and_never_all(
        self, view: AcknowledgementView, parsed: Callable[[str], JustHTML]
    ) -> None:
        # A browser presses the first button of a form.
        first, second = parsed(acknowledgement_page(view)).query("button")
        assert (attribute(first, "id"), "name" in (first.attrs or {})) == ("acknowledge", False)
        assert attribute(second, "name") == ALL_FIELD

    def test_it_says_at_each_case_who_has_it(
        self, view: AcknowledgementView, parsed: Callable[[str], JustHTML]
    ) -> None:
        by = Acknowledgement("Pat Lee", view.now)
        had = (replace(view.cases[0], taken=by), replace(view.cases[1], taken=by, lapsed=True), *view.cases[2:])
        rows = parsed(acknowledgement_page(replace(view, cases=had))).query("tbody tr")
        texts = [" ".join(row.to_text().split()) for row in rows]
        assert "Taken by Pat Lee on Monday 30 November 2026 at 9:05am" in texts[0]
        assert "Pat Lee took this on Monday 30 November 2026 at 9:05am. Nobody has it now." in texts[1]
        assert "Pat Lee" not in texts[2]

    @pytest.mark.parametrize(
        ("contact", "shown"),
        [
            ("duty desk", "duty desk"),
            ("<b>desk</b>", "<b>desk</b>"),
            ("desk 01632 960123", "name not shown"),
            ("desk@council.example", "name not shown"),
        ],
    )
    def test_of_a_name_that_was_typed_behind_a_link_a_colleague_reads_whose_link_it_was(
        self, view: AcknowledgementView, parsed: Callable[[str], JustHTML], contact: str, shown: str
    ) -> None:
        by = Acknowledgement("Pat Lee", view.now, contact)
        had = (replace(view.cases[0], taken=by), *view.cases[1:])
        page = words(parsed(acknowledgement_page(replace(view, cases=had, earlier=(by,)))))
        assert page.count(f"Pat Lee (not signed in, by the link sent to {shown})") == 2

    @pytest.mark.parametrize(("count", "said"), [(0, ""), (1, "1 alarm line"), (3, "3 alarm lines")])
    def test_it_says_which_part_comes_from_earlier_messages(
        self, view: AcknowledgementView, parsed: Callable[[str], JustHTML], count: int, said: str
    ) -> None:
        page = words(parsed(acknowledgement_page(replace(view, from_earlier=count))))
        assert ("from earlier messages to you" in page) is bool(count)
        assert said in page

    def test_a_refused_answer_keeps_what_was_ticked_and_typed(
        self, view: AcknowledgementView, parsed: Callable[[str], JustHTML]
    ) -> None:
        refused = replace(view, name="P", ticked=frozenset({"C-DATE-2222"}), errors=(FormError.NAME_NOT_A_PERSON,))
        document = parsed(acknowledgement_page(refused))
        assert [attribute(box, "value") for box in document.query("input[checked]")] == ["C-DATE-2222"]
        assert attribute(the_one(document, "#name"), "value") == "P"

    def test_the_most_urgent_case_comes_first_with_the_councils_own_reference(
        self, view: AcknowledgementView, parsed: Callable[[str], JustHTML]
    ) -> None:
        rows = parsed(acknowledgement_page(view)).query("tbody tr")
        texts = [" ".join(row.to_text().split()) for row in rows]
        assert [text.split()[0] for text in texts] == ["C-LATE-2222", "C-BARR-2222", "C-DATE-2222", "C-NEVR-2222"]
        assert "TC/1001" in texts[0]
        assert "Thursday 26 November 2026 4 days ago: switch planned" in texts[0]
        assert "Thursday 3 December 2026 in 3 days: calls restricted then switch Thu 28 Jan 2027" in texts[1]
        assert "not given" in texts[2]

    def test_it_says_that_nothing_is_acknowledged_yet_and_nobody_made_safe(
        self, view: AcknowledgementView, parsed: Callable[[str], JustHTML]
    ) -> None:
        text = words(parsed(acknowledgement_page(view)))
        assert (
            "An acknowledgement does not make anyone safe. Nothing is acknowledged until you press the button." in text
        )
        assert "pauses the messages until Tuesday 1 December 2026 at 9:00am at the latest" in text

    def test_without_a_known_end_the_pause_is_limited(
        self, view: AcknowledgementView, parsed: Callable[[str], JustHTML]
    ) -> None:
        text = words(parsed(acknowledgement_page(replace(view, pauses_until=None))))
        assert "This pauses the messages for a limited time." in text

    def test_earlier_acknowledgements_are_shown(
        self, view: AcknowledgementView, parsed: Callable[[str], JustHTML]
    ) -> None:
        text = words(parsed(acknowledgement_page(replace(view, earlier=(Acknowledgement("Pat Lee", view.now),)))))
        assert "Pat Lee acknowledged cases of this alert on Monday 30 November 2026 at 9:05am." in text

    def test_a_simulated_clock_is_said_above_the_heading(
        self, view: AcknowledgementView, parsed: Callable[[str], JustHTML]
    ) -> None:
        text = words(parsed(acknowledgement_page(replace(view, clock_note="The clock is simulated."))))
        assert text.index("The clock is simulated.") < text.index("Acknowledge 4 alarm lines")

    def test_a_long_list_can_be_skipped(self, view: AcknowledgementView, parsed: Callable[[str], JustHTML]) -> None:
        one = view.cases[0]
        long = tuple(PageCase(replace(one.case, reference=f"C-{n}")) for n in range(500))
        document = parsed(acknowledgement_page(replace(view, cases=long)))
        assert the_one(document, ".to-button a").to_text() == "Skip the list of 500 cases"
        assert parsed(acknowledgement_page(view)).query(".to-button") == []

    def test_what_people_and_providers_typed_stays_text(
        self, view: AcknowledgementView, parsed: Callable[[str], JustHTML]
    ) -> None:
        hostile = '"><script>alert(1)</script>'
        case = PageCase(replace(view.cases[0].case, provider=hostile), entry_reference=hostile)
        earlier = (Acknowledgement(hostile, view.now),)
        document = parsed(acknowledgement_page(replace(view, cases=(case,), name=hostile, earlier=earlier)))
        assert attribute(the_one(document, "#name"), "value") == hostile


class TestErrors:
    def test_a_missing_name_is_in_the_title_in_the_summary_and_beside_the_field(
        self, view: AcknowledgementView, parsed: Callable[[str], JustHTML]
    ) -> None:
        document = parsed(acknowledgement_page(replace(view, errors=(FormError.NAME_MISSING,))))
        assert the_one(document, "title").to_text().startswith("Error: ")
        assert the_one(document, '[role="alert"] a[href="#name"]').to_text() == "Enter your name"
        assert "name-error" in attribute(the_one(document, "#name"), "aria-describedby").split()
        assert attribute(the_one(document, "#name"), "aria-invalid") == "true"

    def test_no_case_ticked_leads_to_the_first_box(
        self, view: AcknowledgementView, parsed: Callable[[str], JustHTML]
    ) -> None:
        refused = replace(view, ticked=frozenset(), errors=(FormError.CASES_MISSING,))
        document = parsed(acknowledgement_page(refused))
        assert attribute(the_one(document, '[role="alert"] a'), "href") == "#case-1"
        assert "case-error" in attribute(the_one(document, "fieldset"), "aria-describedby").split()
        assert document.query("#name[aria-invalid]") == []

    @pytest.mark.parametrize("error", FormError)
    def test_every_error_has_its_sentence(
        self, view: AcknowledgementView, parsed: Callable[[str], JustHTML], error: FormError
    ) -> None:
        document = parsed(acknowledgement_page(replace(view, errors=(error,))))
        assert len(document.query('[role="alert"] li')) == 1

    def test_a_page_without_errors_has_no_summary(
        self, view: AcknowledgementView, parsed: Callable[[str], JustHTML]
    ) -> None:
        assert parsed(acknowledgement_page(view)).query('[role="alert"]') == []

    @pytest.mark.parametrize("problem", LinkProblem)
    def test_a_link_that_leads_nowhere_says_so_and_that_nothing_was_acknowledged(
        self, parsed: Callable[[str], JustHTML], problem: LinkProblem
    ) -> None:
        document = parsed(error_page(problem, csp_nonce="r4nd0m"))
        assert "This page has acknowledged nothing." in words(document)
        assert document.query("form") == []


class TestAfterwards:
    def test_it_says_who_acknowledged_when_and_that_nobody_is_safe_yet(
        self, acknowledged: AcknowledgedView, parsed: Callable[[str], JustHTML]
    ) -> None:
        text = words(parsed(acknowledged_page(acknowledged)))
        assert "You are acting on 3 alarm lines" in text
        assert "Pat Lee acknowledged this on Monday 30 November 2026 at 9:05am." in text
        assert "Nobody is safe yet." in text

    def test_cases_left_are_listed_apart(
        self, acknowledged: AcknowledgedView, parsed: Callable[[str], JustHTML]
    ) -> None:
        document = parsed(acknowledged_page(acknowledged))
        counts = [len(table.query("tbody tr")) for table in document.query("table")]
        assert counts == [3, 1]
        assert "Messages about these cases go on." in words(document)

    def test_with_none_left_there_is_no_second_list(
        self, acknowledged: AcknowledgedView, parsed: Callable[[str], JustHTML]
    ) -> None:
        document = parsed(acknowledged_page(replace(acknowledged, left=())))
        assert len(document.query("table")) == 1


class TestHeaders:
    def test_a_page_is_neither_kept_nor_indexed_nor_told_to_another_site(self) -> None:
        assert PAGE_HEADERS["Cache-Control"] == "no-store"
        assert PAGE_HEADERS["Referrer-Policy"] == "no-referrer"
        assert "noindex" in PAGE_HEADERS["X-Robots-Tag"]

    def test_the_policy_allows_the_style_by_its_nonce_and_no_script(
        self, view: AcknowledgementView, parsed: Callable[[str], JustHTML]
    ) -> None:
        policy = page_headers(view.csp_nonce)["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert f"style-src 'nonce-{view.csp_nonce}'" in policy
        assert attribute(the_one(parsed(acknowledgement_page(view)), "style"), "nonce") == view.csp_nonce

    def test_no_style_stands_where_the_policy_would_refuse_it(
        self, view: AcknowledgementView, acknowledged: AcknowledgedView, parsed: Callable[[str], JustHTML]
    ) -> None:
        for html in (acknowledgement_page(view), acknowledged_page(acknowledged)):
            assert parsed(html).query("[style]") == []
