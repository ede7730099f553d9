from __future__ import annotations

from collections.abc import Mapping

import pytest
from playwright.sync_api import Browser

from services.alerts.delivery.channels.notify.govuk_notify_plugin import SMS_LIMIT
from services.alerts.message.message import Message
from services.alerts.message.short_form import link_of, short_form
from tests.console.message_kinds import message_kinds

pytestmark = [pytest.mark.browser, pytest.mark.network, pytest.mark.enable_socket]

KINDS = (
    "first-alert",
    "digest",
    "escalation-manager",
    "escalation-operator",
    "hold-refused",
    "all-clear",
    "drill",
    "drill-unanswered",
    "contact-refused",
)
TEXT_COLUMNS = 72
TELEPHONE = 320


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Message]:
    return message_kinds(tmp_path_factory.mktemp("kinds"))


def test_every_kind_is_tried_here(kinds: Mapping[str, Message]) -> None:
    assert set(kinds) == set(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_the_mail_fits_a_telephone(chromium: Browser, kinds: Mapping[str, Message], name: str) -> None:
    page = chromium.new_page(viewport={"width": TELEPHONE, "height": 700})
    page.set_content(kinds[name].html)
    assert page.evaluate("document.documentElement.scrollWidth") <= TELEPHONE
    page.close()


@pytest.mark.parametrize("name", KINDS)
def test_the_plain_text_fits_its_columns_but_for_links(kinds: Mapping[str, Message], name: str) -> None:
    long = [line for line in kinds[name].text.splitlines() if len(line) > TEXT_COLUMNS and "https://" not in line]
    assert long == []


@pytest.mark.parametrize("name", KINDS)
def test_the_text_message_says_what_it_is_about_and_holds_the_link_whole(
    kinds: Mapping[str, Message], name: str
) -> None:
    message = kinds[name]
    text = short_form(message, SMS_LIMIT)
    assert text.startswith(message.subject)
    assert (link_of(message) or "") in text
    assert text != message.subject


def test_the_subject_says_the_kind(kinds: Mapping[str, Message]) -> None:
    leads = {
        "first-alert": "Act by Sun 13 December: ",
        "digest": "OVERDUE since Sat 21 November: ",
        "escalation-manager": "NOBODY HAS ANSWERED: ",
        "escalation-operator": "NOBODY HAS ANSWERED: ",
        "hold-refused": "CHANGED: ",
        "all-clear": "No longer planned: ",
        "drill": "DRILL, no line is at risk: ",
        "drill-unanswered": "Pullcord: ",
        "contact-refused": "Pullcord: 1 contact of Blackpool cannot be reached",
    }
    assert {name: message.subject[: len(leads[name])] for name, message in kinds.items()} == leads


def test_a_refused_hold_says_what_to_do_about_it(kinds: Mapping[str, Message]) -> None:
    text = " ".join(kinds["hold-refused"].text.split())
    assert "Something about this case has changed since the last message." in text
    assert "Changed: provider refused a hold." in text
    assert "Where the provider refused a hold, its date stands." in text
