from __future__ import annotations

import pytest

from services.alerts.delivery.channels.apprise.apprise_channel import APPRISE
from services.alerts.delivery.channels.apprise.apprise_route import read_route
from services.alerts.delivery.channels.port import SendOutcome
from services.alerts.delivery.channels.refusals import REMEDIES
from services.alerts.delivery.channels.registry import channel_of
from services.alerts.delivery.channels.routes import RouteRefusedError, what_is_understood

SERVER = "mailto://mail.example"
FROM = "from=alerts@pullcord.example"
TO = "to=duty@council.example"
D7, MAILGUN = "d7sms://token@", "mailgun://user@council.example/" + "a" * 32 + "-" + "b" * 8 + "-" + "b" * 8
TWILIO = "twilio://AC" + "a" * 32 + ":" + "b" * 32 + "@15551234567"


def refusal(route: str) -> str:
    with pytest.raises(RouteRefusedError) as refused:
        what_is_understood(route)
    assert refused.value.result.outcome is SendOutcome.FAILED_PERMANENT
    assert refused.value.remedy == REMEDIES[refused.value.result.reason]
    return refused.value.result.reason


@pytest.mark.parametrize(
    "recipient",
    [
        "duty",
        "duty@council",
        "duty@council.example.",
        ".duty@council.example",
        "du..ty@council.example",
        "duty@@council.example",
        "duty@home@council.example",
        "duty@-council.example",
        "duty@127.0.0.1",
        "duty@[127.0.0.1]",
        "%20duty@council.example",
        "duty desk@council.example",
        "duty%00@council.example",
        "duty@council.example%0d%0aX-Other:%20yes",
        "duty@council.example%0d%0a",
        "duty(nights)@council.example",
        "duty@council.example (nights)",
        "%22duty%20desk%22@council.example",
        "j%C3%BCrgen@council.example",
        "duty%E2%80%8B@council.example",
        "%22duty%22",
        "duty%2540council.example",
        "mailto:duty@council.example",
        "Desk, duty <duty@council.example>",
        "Duty <duty@council.example> desk",
        "<<duty@council.example>>",
        "duty@council.example;mode=insecure",
    ],
)
def test_what_is_not_exactly_one_address_is_no_recipient(recipient: str) -> None:
    assert refusal(f"{SERVER}?{FROM}&to={recipient}") == "recipient_not_understood"


@pytest.mark.parametrize(
    "end",
    [
        f"?{FROM}&to=a@council.example;b@council.example",
        f"?{FROM}&to=a@council.example%3Bb@council.example",
        f"?{FROM}&to=a@council.example%20b@council.example",
        f"?{FROM}&to=a@council.example&to=b@council.example",
        f"?{FROM}&TO=a@council.example&%74o=a@council.example",
        f"/a@council.example?{FROM}&to=a@council.example",
        f"/a@council.example,b@council.example?{FROM}",
        f"?{FROM}&to=%22a@council.example%22 <b@council.example>",
    ],
)
def test_every_recipient_counts_however_it_is_written(end: str) -> None:
    assert refusal(f"{SERVER}{end}") == "several_targets"


@pytest.mark.parametrize("end", [f"?{FROM}", f"?{FROM}&to=", f"/?{FROM}&cc="])
def test_without_a_recipient_the_sender_is_not_taken_for_one(end: str) -> None:
    assert refusal(SERVER + end) == "recipient_missing"
    assert refusal("mailto://duty@council.example") == "recipient_missing"


@pytest.mark.parametrize(
    "sender",
    [
        "name=Alerts",
        "from=",
        "from=Alerts",
        "from=a@x.example,b@x.example",
        "from=a@x.example&name=A%0d%0aBcc:b@x.example",
    ],
)
def test_a_sender_that_is_not_exactly_one_address_is_refused(sender: str) -> None:
    assert refusal(f"{SERVER}?{TO}&{sender}") == "sender_not_understood"


def test_an_address_for_answers_is_one_address_too() -> None:
    assert refusal(f"{SERVER}?{FROM}&{TO}&reply=a@x.example;b@x.example") == "reply_not_understood"
    assert "answers to o'hara@x.example" in what_is_understood(f"{SERVER}?{FROM}&{TO}&reply=o'hara@x.example")


@pytest.mark.parametrize(
    "header", ["Bcc=b@x.example", "to=b@x.example", "Resent-To=b@x.example", "X=a%0d%0aBcc:b", "X%0d%0aBcc=b"]
)
def test_no_header_of_the_route_names_anybody_else(header: str) -> None:
    assert refusal(f"{SERVER}?{FROM}&{TO}&+{header}") == "header_not_allowed"
    assert refusal(f"{SERVER}?{FROM}&{TO}&%2B{header}") == "header_not_allowed"


@pytest.mark.parametrize(
    "option", ["bbc=b@x.example", "recipients=b@x.example", "mode=insecure&mode=ssl", "smtp=a@b", "name=%ff", "cto=1%"]
)
def test_an_option_that_is_unknown_repeated_or_broken_is_not_passed_over(option: str) -> None:
    assert refusal(f"{SERVER}?{FROM}&{TO}&{option}") == "option_not_understood"


@pytest.mark.parametrize(
    "place",
    ["o'hara@x.example:pw@mail.example", "user:p#w@mail.example", "user:p:w@mail.example", "", "mail.example:99999999"],
)
def test_a_server_that_can_be_read_in_two_ways_is_refused(place: str) -> None:
    assert refusal(f"mailto://{place}?{FROM}&{TO}") == "route_not_understood"


@pytest.mark.parametrize(
    ("route", "said"),
    [
        (
            f"{SERVER}:587?{FROM}&to=o'brien@x.example",
            "mail to o'brien@x.example through mail.example:587, from alerts@pullcord.example",
        ),
        (
            f"mailtos://user:secret@mail.example?{TO}",
            "mail to duty@council.example through mail.example:587, from Pullcord <user@mail.example>",
        ),
        (
            f"mailtos://user%40x.example:secret@mail.example?{TO}&name=Alerts&smtp=relay.example",
            "mail to duty@council.example through relay.example:587, from Alerts <user@x.example>",
        ),
        (f"{D7}/%2B447700900001", "D7 Networks to 447700900001"),
        (f"{MAILGUN}/duty@council.example", "Mailgun to duty@council.example"),
        (f"{TWILIO}/07700900001", "Twilio to +07700900001"),
    ],
)
def test_what_was_understood_is_said_without_a_password(route: str, said: str) -> None:
    assert what_is_understood(route) == said


@pytest.mark.parametrize(
    "route",
    [
        f"{D7}/not-a-number",
        f"{D7}/07700900001/not-a-number",
        f"{D7}?to=07700900001%3B07700900002",
        f"{MAILGUN}/o'brien@council.example",
        f"{MAILGUN}/Duty <duty@council.example>",
        "slack://xoxb-1234-1234-4ddbc191d40ee098cbaae6f3523ada2d/o'brien@council.example",
    ],
)
def test_a_service_that_drops_or_misreads_a_target_is_refused(route: str) -> None:
    assert refusal(route) == "target_left_out"


@pytest.mark.parametrize(
    ("route", "code"),
    [
        (D7, "recipient_missing"),
        (TWILIO, "recipient_missing"),
        ("sendgrid://abcd1234:alerts@council.example", "recipient_missing"),
        (MAILGUN, "target_left_out"),
        (f"{MAILGUN}?from=alerts@council.example", "target_left_out"),
    ],
)
def test_a_service_that_would_write_to_its_own_sender_is_refused(route: str, code: str) -> None:
    assert refusal(route) == code


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("?to=07700900001&to=07700900002", "several_targets"),
        ("?to=07700900001&%20to=07700900002", "several_targets"),
        ("?to=07700900001;to=07700900002", "option_not_understood"),
        ("/07700900001,07700900002", "several_targets"),
    ],
)
def test_a_service_with_two_targets_is_refused_however_they_are_written(end: str, code: str) -> None:
    assert refusal(D7 + end) == code


@pytest.mark.parametrize(
    "route",
    [
        f"{D7}/%2B44%207700%20900001",
        f"{D7}?to=+44 7700 900001",
        "d7sms://token@07700900001",
        "ntfy://a-topic",
        "json://council.example/hook@2/alerts",
        "https://discord.com/api/webhooks/123456789012345678/" + "a" * 68,
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#telecare",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
        "tgram://123456789:abcdefg_hijklmnop/-1001234567890",
        "pover://" + "u" * 30 + "@" + "a" * 30,
        f"{TWILIO}/whatsapp:+447700900001",
    ],
)
def test_a_service_that_understood_what_was_written_is_used(route: str) -> None:
    assert what_is_understood(route)


def test_a_copy_by_another_mail_service_is_a_second_target() -> None:
    assert refusal(f"{MAILGUN}/duty@council.example?cc=head@council.example") == "several_targets"


@pytest.mark.parametrize("route", ["windows://[", "mailto:duty@council.example", "mailto:/mail.example?to=a@b.example"])
def test_a_route_that_apprise_stumbles_over_or_takes_for_mail_is_not_understood(route: str) -> None:
    assert channel_of(route) is APPRISE
    with pytest.raises(RouteRefusedError, match="route_not_understood"):
        read_route(route)
