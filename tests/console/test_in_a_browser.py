from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import parse_qs

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from schemas.codes import MatchLevel
from services.alerts.message.drill_message import DrillDigest, render_drill
from services.alerts.message.message import AlertDigest, Message, render
from services.alerts.message.withdrawn_message import render_withdrawn
from services.console.drill_pages import DrillView, drill_page, drill_problem_page
from services.console.link_problems import LinkProblem
from services.console.pages import (
    AcknowledgedView,
    Acknowledgement,
    AcknowledgementView,
    FormError,
    WithdrawnView,
    acknowledged_page,
    acknowledgement_page,
    error_page,
    page_headers,
    withdrawn_page,
)

pytestmark = [pytest.mark.browser, pytest.mark.network, pytest.mark.enable_socket]

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
BEST_PRACTICE = "best-practice"
WIDTHS = [320, 360, 1000]
PATHS = ["/form", "/refused", "/withdrawn", "/nowhere"]
DRILLS = ["/drill", "/drill-refused", "/drill-answered", "/drill-over"]
# The pages of drills have no table, so the narrowest width says all.
VIEWS = [*((path, width) for path in PATHS for width in WIDTHS), *((path, WIDTHS[0]) for path in DRILLS)]


class Desk:
    def __init__(self, view: AcknowledgementView) -> None:
        self.view = view
        self.answers: list[dict[str, list[str]]] = []
        self.address = ""

    def page(self, path: str) -> str:
        refused = replace(self.view, errors=(FormError.NAME_MISSING, FormError.CASES_MISSING), ticked=frozenset())
        withdrawn = WithdrawnView(
            council=self.view.council,
            reference=self.view.reference,
            cases=self.view.cases,
            csp_nonce=self.view.csp_nonce,
            now=self.view.now,
        )
        drill = DrillView(
            council=self.view.council,
            reference="D-3F9K-7PQ2",
            answered_at=None,
            form_action="/drill",
            csp_nonce=self.view.csp_nonce,
        )
        pages = {
            "/form": lambda: acknowledgement_page(self.view),
            "/refused": lambda: acknowledgement_page(refused),
            "/withdrawn": lambda: withdrawn_page(withdrawn),
            "/drill": lambda: drill_page(drill),
            "/drill-refused": lambda: drill_page(replace(drill, error=FormError.NAME_MISSING)),
            "/drill-answered": lambda: drill_page(replace(drill, answered_at=self.view.now)),
            "/drill-over": lambda: drill_problem_page(LinkProblem.EXPIRED, csp_nonce=self.view.csp_nonce),
        }
        return pages.get(path, lambda: error_page(LinkProblem.UNKNOWN, csp_nonce=self.view.csp_nonce))()

    def answer(self, fields: dict[str, list[str]]) -> str:
        self.answers.append(fields)
        name, chosen = fields.get("name", [""])[0], frozenset(fields.get("case", []))
        if not name:
            return acknowledgement_page(replace(self.view, ticked=chosen, errors=(FormError.NAME_MISSING,)))
        return acknowledged_page(
            AcknowledgedView(
                council=self.view.council,
                reference=self.view.reference,
                cases=tuple(one for one in self.view.cases if one.case.reference in chosen),
                left=tuple(one for one in self.view.cases if one.case.reference not in chosen),
                acknowledgement=Acknowledgement(name, self.view.now),
                csp_nonce=self.view.csp_nonce,
                now=self.view.now,
            )
        )


@pytest.fixture
def desk(view: AcknowledgementView) -> Iterator[Desk]:
    desk = Desk(view)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_page(desk.page(self.path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.send_page(desk.answer(parse_qs(body)))

        def send_page(self, html: str) -> None:
            self.send_response(200)
            for name, value in page_headers(view.csp_nonce).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    desk.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield desk
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1000, "height": 800})
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == [], "the browser complained, for example of a broken content security policy"


def render_as_drill(digest: AlertDigest, now: datetime) -> Message:
    return render_drill(
        DrillDigest(
            reference="D-3F9K-7PQ2",
            council=digest.council,
            tier=digest.tier,
            link=digest.link,
            created_at=now,
            asked_before=True,
            monthly=True,
            clock_note=digest.clock_note,
        )
    )


@pytest.fixture(params=[render, render_withdrawn, render_as_drill], ids=["action", "withdrawn", "drill"])
def mail(request: pytest.FixtureRequest, view: AcknowledgementView) -> str:
    cases = tuple(page_case.case for page_case in view.cases)
    digest = AlertDigest(
        reference="A-3F9K-7PQ2",
        council="Bournemouth, Christchurch and Poole",
        threshold=7,
        reason="repeat",
        tier="Telecare team inbox",
        cases=cases,
        counts_by_level=dict.fromkeys(MatchLevel, 1),
        repeat_number=2,
        link="https://pullcord.example/a/kJ3vQ0n7rTzq8m2LwY5bXc1dF6gH9sPa",
        created_at=view.now,
        clock_note="The clock is simulated.",
    )
    render: Callable[[AlertDigest, datetime], Message] = request.param
    return render(digest, view.now).html


def assert_accessible(page: Page, *more_rules: str) -> None:
    results = Axe().run(page, options={"resultTypes": ["violations"], "runOnly": [*WCAG, *more_rules]})
    assert results.violations_count == 0, results.generate_report()


def assert_fits(page: Page, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("path", "width"), VIEWS)
def test_a_page_is_accessible_and_never_scrolls_sideways(desk: Desk, page: Page, path: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(desk.address + path)
    assert_fits(page, width)
    assert_accessible(page, BEST_PRACTICE)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_mail_is_accessible_in_light_and_dark_and_fits_a_phone(
    page: Page, mail: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    page.set_content(mail)
    assert_fits(page, width)
    # Best practice asks for landmarks on a page. A mail is shown within the page of a mail program, which has its own.
    assert_accessible(page)


def test_the_mail_asks_for_nothing_from_the_network(page: Page, mail: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_content(mail)
    assert asked == []


def test_opening_the_page_sends_no_form(desk: Desk, page: Page) -> None:
    page.goto(desk.address + "/form")
    assert desk.answers == []


def test_a_name_and_the_ticked_cases_are_sent_without_javascript(desk: Desk, chromium: Browser) -> None:
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(desk.address + "/form")
        page.get_by_label("Your name").fill("Pat Lee")
        for reference in ("C-LATE-2222", "C-BARR-2222", "C-DATE-2222"):
            page.get_by_label(reference).check()
        page.get_by_role("button", name="I am acting on the ticked cases").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("You are acting on 3 alarm lines")
    assert desk.answers == [{"name": ["Pat Lee"], "case": ["C-LATE-2222", "C-BARR-2222", "C-DATE-2222"]}]


def test_the_page_afterwards_is_accessible(desk: Desk, page: Page) -> None:
    page.goto(desk.address + "/form")
    page.get_by_label("C-LATE-2222").check()
    page.get_by_label("Your name").fill("Pat Lee")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nobody is safe yet.")).to_be_visible()
    assert_accessible(page, BEST_PRACTICE)


def test_a_missing_name_moves_focus_to_the_summary_and_its_link_to_the_field(desk: Desk, page: Page) -> None:
    page.goto(desk.address + "/form")
    page.get_by_role("button", name="I am acting on the ticked").click()
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_role("link", name="Enter your name").click()
    expect(page.get_by_label("Your name")).to_be_focused()


def test_the_keyboard_reaches_the_skip_link_first_and_it_is_then_visible(desk: Desk, page: Page) -> None:
    page.goto(desk.address + "/form")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to main content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()


def test_the_style_passes_the_content_security_policy(desk: Desk, page: Page) -> None:
    page.goto(desk.address + "/form")
    colour = "element => getComputedStyle(element).backgroundColor"
    assert page.locator("#acknowledge").evaluate(colour) == "rgb(0, 112, 60)"


def test_on_a_phone_each_case_keeps_its_row_and_its_cells_for_a_screen_reader(desk: Desk, page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(desk.address + "/form")
    expect(page.get_by_role("row").filter(has_text="C-LATE-2222").get_by_role("cell")).to_have_count(4)


def test_on_paper_the_cases_stay_and_what_cannot_be_pressed_goes(desk: Desk, page: Page) -> None:
    page.goto(desk.address + "/form")
    page.emulate_media(media="print")
    for button in page.get_by_role("button", include_hidden=True).all():
        expect(button).to_be_hidden()
    expect(page.get_by_text("C-LATE-2222")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Your reference")).to_be_visible()
