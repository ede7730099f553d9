from __future__ import annotations

from collections.abc import Callable

import pytest

from services.alerts.delivery.channels.apprise.apprise_route import read_route
from services.alerts.delivery.channels.mail.mail_channel import MAIL
from services.alerts.delivery.channels.mail.mail_route import read_mail_route
from services.alerts.delivery.channels.port import SendOutcome
from services.alerts.delivery.channels.refusals import RouteRefusedError
from services.alerts.delivery.channels.registry import channel_of

SERVER = "mailto://mail.example"
FROM = "from=alerts@pullcord.example"


def refusal(read: Callable[[str], object], route: str) -> str:
    with pytest.raises(RouteRefusedError) as refused:
        read(route)
    assert refused.value.result.outcome is SendOutcome.FAILED_PERMANENT
    return refused.value.result.reason


@pytest.mark.parametrize("route", ["", "duty@council.example", "nosuchservice://host", "mailto://", "slack://"])
def test_a_route_of_no_known_service_is_not_understood(route: str) -> None:
    assert refusal(read_route, route) == "route_not_understood"


@pytest.mark.parametrize(
    "route",
    [
        f"{SERVER}/a@council.example/b@council.example?{FROM}",
        f"{SERVER}?{FROM}&to=a@council.example,b@council.example",
        f"{SERVER}?{FROM}&to=a@council.example&cc=b@council.example",
        f"{SERVER}?{FROM}&to=a@council.example&bcc=b@council.example",
    ],
)
def test_a_mail_route_with_a_second_recipient_is_refused(route: str) -> None:
    assert refusal(read_mail_route, route) == "several_targets"


def test_a_recipient_that_is_no_address_is_not_left_out_in_silence() -> None:
    assert refusal(read_mail_route, f"{SERVER}/a@council.example/council?{FROM}") == "several_targets"
    assert refusal(read_mail_route, f"{SERVER}/council?{FROM}") == "recipient_not_understood"


def test_a_text_message_route_with_two_numbers_in_one_batch_is_refused() -> None:
    assert refusal(read_route, "d7sms://token@07700900001/07700900002?batch=yes") == "several_targets"


def test_encrypted_mail_is_refused_and_not_sent_in_clear() -> None:
    assert refusal(read_mail_route, f"{SERVER}?{FROM}&to=a@council.example&pgp=encrypt") == (
        "encrypted_mail_not_supported"
    )


def test_a_refusal_does_not_repeat_the_route() -> None:
    with pytest.raises(RouteRefusedError) as refused:
        read_route("nosuchservice://duty@council.example")
    assert str(refused.value) == "route_not_understood"


def test_a_named_recipient_with_a_sender_name_is_one_target() -> None:
    service = read_mail_route(f"{SERVER}?from=Alerts<alerts@pullcord.example>&to=Duty team<duty@council.example>")
    assert service.targets == [("Duty team", "duty@council.example")]


@pytest.mark.parametrize(
    ("route", "mail"),
    [("mailto://x", True), (" MailTos://x", True), ("sendgrid://x", False), ("https://mailto.example", False)],
)
def test_mail_servers_are_told_from_other_services_by_the_scheme(route: str, mail: bool) -> None:
    assert (channel_of(route) is MAIL) is mail
