from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from services.alerts.delivery.channels.as_typed import TypedAddress, contact_as_typed
from services.alerts.delivery.channels.contact_routes import channels_allowed, contact_route
from services.alerts.delivery.channels.mail.mail_route import addresses_of, read_mail_route
from services.alerts.delivery.channels.routes import what_is_understood
from services.alerts.policy.contacts import Contact
from services.core.errors import RefusedError
from services.core.operator.contact_services import ContactServices

KEY = "00000000-0000-4000-8000-000000000001-00000000-0000-4000-8000-000000000002"
TEMPLATES = tuple(f"00000000-0000-4000-8000-00000000000{number}" for number in (3, 4, 5))
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BARE = ContactServices()
MAIL = ContactServices(mail_server="mailtos://user:secret-word@mail.example:587?from=p%40council.example")
NOTIFY = ContactServices(None, None, KEY, TEMPLATES[0], TEMPLATES[1], TEMPLATES[2])
SLACK = ContactServices(mail_server=MAIL.mail_server, allowed=("email", "slack"))


def route(channel: str, address: str, services: ContactServices) -> str:
    return contact_route(Contact(person="desk", channel=channel, address=SecretStr(address)), services)


@pytest.mark.parametrize(
    ("typed", "channel", "services", "reaches"),
    [
        ("jo@council.example", None, MAIL, "mail to jo@council.example through mail.example:587"),
        ("jo@council.example", None, NOTIFY, "mail to jo@council.example through GOV.UK Notify"),
        ("07700 900123", None, NOTIFY, "text message to +447700900123 through GOV.UK Notify"),
        (
            "Duty desk / 1 High Street / FY3 8AB",
            "notify_letter",
            NOTIFY,
            "letter to Duty desk, 1 High Street, FY3 8AB through GOV.UK Notify",
        ),
        (f"https://hook.example/alerts?secret={SECRET}", None, BARE, "hook.example"),
        ("T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#alerts", "slack", SLACK, "Slack"),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#alerts", "slack", SLACK, "Slack"),
    ],
)
def test_an_address_as_typed_reaches_whom_it_names(
    typed: str, channel: str | None, services: ContactServices, reaches: str
) -> None:
    read = contact_as_typed(typed, channel, services)
    assert reaches in what_is_understood(route(*read, services))


@given(
    st.from_regex(r"[a-z][a-z0-9.+'&_=-]{0,20}[a-z0-9]", fullmatch=True).filter(lambda text: ".." not in text),
    st.from_regex(r"[A-Z][a-zé&' ]{0,20}", fullmatch=True),
)
def test_no_address_changes_the_server_or_names_a_second_recipient(local: str, name: str) -> None:
    read = contact_as_typed(f"{name} <{local}@council.example>", None, MAIL)
    server = read_mail_route(route(*read, MAIL))
    assert (server.smtp_host, server.port) == ("mail.example", 587)
    assert addresses_of(server).recipient.address == f"{local}@council.example"


@given(
    st.lists(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9 .?&%+'-]{0,20}[A-Za-z0-9]", fullmatch=True), min_size=3, max_size=7)
)
def test_a_letter_goes_to_the_lines_that_were_typed(lines: list[str]) -> None:
    read = contact_as_typed(" / ".join(lines), "notify_letter", NOTIFY)
    assert what_is_understood(route(*read, NOTIFY)) == f"letter to {', '.join(_blanks(lines))} through GOV.UK Notify"


def _blanks(lines: list[str]) -> Iterator[str]:
    return (line.strip() for line in lines)


@pytest.mark.parametrize(
    ("services", "allowed"),
    [
        (BARE, ("webhook",)),
        (MAIL, ("email", "webhook")),
        (NOTIFY, ("notify_email", "notify_sms", "notify_letter", "webhook")),
        (ContactServices(notify_key=KEY, notify_sms_template=TEMPLATES[1]), ("notify_sms", "webhook")),
        (SLACK, ("email", "slack")),
    ],
)
def test_what_is_allowed_is_what_is_set_unless_the_operator_lists_it(
    services: ContactServices, allowed: tuple[str, ...]
) -> None:
    assert channels_allowed(services) == allowed


@pytest.mark.parametrize("channel", ["slack", "json", "mailto", "tgram", "file", "route", "syslog"])
@pytest.mark.parametrize("services", [MAIL, NOTIFY, SLACK], ids=["mail", "notify", "listed"])
def test_a_channel_that_is_not_allowed_is_refused_with_those_that_are(channel: str, services: ContactServices) -> None:
    if channel in services.allowed:
        return
    with pytest.raises(RefusedError) as refused:
        contact_as_typed("secret-word", channel, services)
    assert f"allowed are: {', '.join(channels_allowed(services))}" in str(refused.value)
    assert "secret-word" not in str(refused.value)


def test_a_whole_route_is_never_allowed_even_if_it_is_listed() -> None:
    with pytest.raises(RefusedError):
        contact_as_typed("mailto://mail.example?to=a@b.example", "route", ContactServices(allowed=("route",)))


@pytest.mark.parametrize(
    ("channel", "needed"),
    [
        ("email", "PULLCORD_MAIL_SERVER"),
        ("sms", "PULLCORD_TEXT_SERVICE"),
        ("notify_email", "PULLCORD_NOTIFY_EMAIL_TEMPLATE"),
        ("notify_sms", "PULLCORD_NOTIFY_SMS_TEMPLATE"),
        ("notify_letter", "PULLCORD_NOTIFY_LETTER_TEMPLATE"),
    ],
)
def test_a_channel_without_its_service_says_which_setting_it_needs(channel: str, needed: str) -> None:
    with pytest.raises(RefusedError, match=needed):
        contact_as_typed("jo@council.example", channel, BARE)
    with pytest.raises(RefusedError):
        route(channel, "jo@council.example", BARE)


def test_the_services_show_no_secret() -> None:
    assert not [word for word in ("secret-word", KEY) if word in repr(MAIL) + repr(NOTIFY)]


def test_a_typed_address_keeps_its_form() -> None:
    assert contact_as_typed(" Bloggs, Jo <jo@council.example> ", None, MAIL) == TypedAddress(
        "email", "Jo Bloggs <jo@council.example>"
    )
    assert contact_as_typed("(07700) 900-123", None, NOTIFY) == TypedAddress("notify_sms", "+447700900123")
