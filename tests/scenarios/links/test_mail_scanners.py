from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
from justhtml import JustHTML

from services.core.audit import AuditAction
from tests.support.checks.html import attribute
from tests.support.deployment import Deployment
from tests.support.http import ENTRY, NOTICE, links_of, served_api
from tests.support.ledger import said

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

CASES = 3
FORM = "application/x-www-form-urlencoded"


@dataclass
class Mailbox:
    deployment: Deployment
    url: str
    links: list[str]

    @property
    def link(self) -> str:
        return urljoin(self.url, self.links[0])

    def acknowledged(self) -> list[dict[str, Any]]:
        return said(self.deployment, AuditAction.ALERT_ACKNOWLEDGED)

    def states(self) -> list[tuple[str, bool]]:
        return [(case.state.value, case.paused_until is None) for case in self.deployment.cases()]


@pytest.fixture
def mailbox(deployment: Deployment) -> Iterator[Mailbox]:
    for number in range(CASES):
        deployment.put_entries({**ENTRY, "entry_id": f"e{number}", "cli": f"01632 96012{number}"})
        deployment.post_notices({**NOTICE, "id": f"n{number}", "cli": f"01632 96012{number}"})
    deployment.tick(seconds=31)
    with served_api(deployment) as (url, _):
        yield Mailbox(deployment, url, links_of(deployment.mails()[-1].message.text))


def client(address: str = "127.0.0.1") -> httpx.Client:
    return httpx.Client(transport=httpx.HTTPTransport(local_address=address), follow_redirects=True)


def addresses_of(page: httpx.Response, *selectors: tuple[str, str]) -> set[str]:
    document = JustHTML(page.text, sanitize=False)
    found = {attribute(one, name) for selector, name in selectors for one in document.query(selector)}
    return {urljoin(str(page.url), where) for where in found if not where.startswith("data:")}


def ask_for_the_head(mailbox: Mailbox, http: httpx.Client) -> None:
    http.head(mailbox.link)


def follow_every_link(mailbox: Mailbox, http: httpx.Client) -> None:
    seen: set[str] = set()
    left = {urljoin(mailbox.url, link) for link in mailbox.links}
    while left:
        seen.add(where := left.pop())
        page = http.get(where)
        left |= addresses_of(page, ("a[href]", "href"), ("form[action]", "action")) - seen


def fetch_every_resource(mailbox: Mailbox, http: httpx.Client) -> None:
    page = http.get(mailbox.link)
    every = (("link[href]", "href"), ("img[src]", "src"), ("script[src]", "src"), ("iframe[src]", "src"))
    for where in {
        *addresses_of(page, *every),
        urljoin(mailbox.url, "/favicon.ico"),
        urljoin(mailbox.url, "/robots.txt"),
    }:
        http.get(where)


def send_the_form_blank(mailbox: Mailbox, http: httpx.Client) -> None:
    page = JustHTML(http.get(mailbox.link).text, sanitize=False)
    fields = {attribute(field, "name"): "" for field in page.query("input")}
    for form in ({}, fields, {**fields, "all": ""}):
        http.post(mailbox.link, data=form)
    http.post(mailbox.link, content=b"", headers={"Content-Type": FORM})


def tick_everything_without_a_name(mailbox: Mailbox, http: httpx.Client) -> None:
    page = JustHTML(http.get(mailbox.link).text, sanitize=False)
    boxes = [attribute(box, "value") for box in page.query("input[type=checkbox]")]
    assert len(boxes) == CASES
    buttons = {attribute(one, "name"): attribute(one, "value") for one in page.query("button[name]")}
    for form in ({"case": boxes}, {"case": boxes, "name": "  "}, {"case": boxes, "name": "", **buttons}, buttons):
        assert http.post(mailbox.link, data=form).status_code == 422


def prefetch(mailbox: Mailbox, http: httpx.Client) -> None:
    http.options(mailbox.link)
    for purpose in ({"Sec-Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}):
        http.get(mailbox.link, headers=purpose)


def visit_often_from_elsewhere(mailbox: Mailbox, _: httpx.Client) -> None:
    for number in range(2, 12):
        with client(f"127.0.0.{number}") as other:
            for _again in range(5):
                assert other.get(mailbox.link).status_code == 200


BEHAVIOURS = [
    ask_for_the_head,
    follow_every_link,
    fetch_every_resource,
    send_the_form_blank,
    tick_everything_without_a_name,
    prefetch,
    visit_often_from_elsewhere,
]


def acknowledge(mailbox: Mailbox) -> None:
    with client() as person:
        page = JustHTML(person.get(mailbox.link).text, sanitize=False)
        boxes = [attribute(box, "value") for box in page.query("input[type=checkbox]")]
        done = person.post(mailbox.link, data={"name": "Asha Patel", "case": boxes})
    assert (done.status_code, "Asha Patel" in done.text) == (200, True)


@pytest.mark.parametrize("scan", BEHAVIOURS)
def test_a_scanner_acknowledges_nothing_and_the_person_after_it_can(
    mailbox: Mailbox, scan: Callable[[Mailbox, httpx.Client], None]
) -> None:
    with client() as scanner:
        scan(mailbox, scanner)
    assert (mailbox.states(), mailbox.acknowledged()) == ([("open", True)] * CASES, [])
    acknowledge(mailbox)
    assert mailbox.states() == [("acknowledged", False)] * CASES


@pytest.mark.parametrize("seed", range(3))
def test_scanners_in_any_order_and_number_acknowledge_nothing(mailbox: Mailbox, seed: int) -> None:
    drawn = random.Random(seed)
    with client() as scanner:
        for scan in drawn.choices([one for one in BEHAVIOURS if one is not visit_often_from_elsewhere], k=8):
            scan(mailbox, scanner)
    mailbox.deployment.clock.advance(hours=drawn.randint(0, 48))
    assert (mailbox.states(), mailbox.acknowledged()) == ([("open", True)] * CASES, [])
    acknowledge(mailbox)
    assert len(mailbox.acknowledged()) == 1
