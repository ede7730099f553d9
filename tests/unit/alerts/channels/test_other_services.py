from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.alerts.delivery.channels.apprise import apprise_channel
from services.alerts.delivery.channels.apprise.apprise_channel import APPRISE, AppriseChannel
from services.alerts.delivery.channels.library import NotifyBase, NotifyFormat, NotifyType
from services.alerts.delivery.channels.mail.mail_channel import MAIL
from services.alerts.delivery.channels.port import ACCEPTED, SendOutcome, SendResult
from services.alerts.delivery.channels.routed_channel import RoutedChannel
from services.alerts.message.message import Message

LINK = "https://pullcord.example/a/1"
MESSAGE = Message("Act by Thu 3 December [A-1]", f"Two lines need action.\n\n   {LINK}\n\nMore words.\n", "<p>Two</p>")


class Service(NotifyBase):
    service_name = "Test"  # type: ignore[assignment]  # Apprise declares None and asks for a name
    takes = True

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[str, str]] = []

    def send(self, body: str, title: str = "", notify_type: NotifyType = NotifyType.INFO, **_kwargs: Any) -> bool:
        self.sent.append((title, body))
        return self.takes


class HtmlService(Service):
    notify_format = (NotifyFormat.HTML, NotifyFormat.TEXT)  # type: ignore[assignment]  # Apprise takes a tuple too


class EitherService(Service):
    notify_format = (NotifyFormat.TEXT, NotifyFormat.HTML)  # type: ignore[assignment]  # Apprise takes a tuple too


class SmallService(Service):
    body_maxlen = 60
    title_maxlen = 0


class FewLinesService(Service):
    body_max_line_count = 2


class SmallHtmlService(HtmlService):
    body_maxlen = 5


class RefusingService(Service):
    takes = False


class BrokenService(Service):
    def send(self, body: str, title: str = "", notify_type: NotifyType = NotifyType.INFO, **_kwargs: Any) -> bool:
        raise KeyError(body)


@pytest.fixture
def sending(monkeypatch: pytest.MonkeyPatch) -> Callable[[Service], SendResult]:
    def send(service: Service) -> SendResult:
        monkeypatch.setattr(apprise_channel, "read_route", lambda _route: service)
        return AppriseChannel().send("test://", MESSAGE, "A-1")

    return send


@pytest.mark.parametrize("kind", [Service, EitherService])
def test_a_service_of_plain_text_is_given_our_text_and_subject(
    sending: Callable[[Service], SendResult], kind: type[Service]
) -> None:
    service = kind()
    assert sending(service) == ACCEPTED
    assert service.sent == [(MESSAGE.subject, MESSAGE.text.rstrip())]


def test_a_service_that_prefers_html_is_given_our_html(sending: Callable[[Service], SendResult]) -> None:
    service = HtmlService()
    sending(service)
    assert service.sent == [(MESSAGE.subject, MESSAGE.html)]


def test_a_service_too_small_for_the_text_is_given_the_subject_and_the_link(
    sending: Callable[[Service], SendResult],
) -> None:
    service = SmallService()
    sending(service)
    assert service.sent == [("", f"{MESSAGE.subject}\r\n{LINK}")]


@pytest.mark.parametrize("kind", [FewLinesService, SmallHtmlService])
def test_a_text_that_would_be_cut_is_replaced_by_the_link(
    sending: Callable[[Service], SendResult], kind: type[Service]
) -> None:
    service = kind()
    sending(service)
    assert service.sent == [(MESSAGE.subject, LINK)]


def test_a_refusal_may_pass_and_is_temporary(sending: Callable[[Service], SendResult]) -> None:
    assert sending(RefusingService()) == SendResult(SendOutcome.FAILED_TEMPORARY, "refused_by_service")


def test_a_service_that_breaks_leaves_the_send_in_doubt(sending: Callable[[Service], SendResult]) -> None:
    assert sending(BrokenService()) == SendResult(SendOutcome.IN_DOUBT, "channel_error")


def test_a_route_that_cannot_be_used_fails_for_good() -> None:
    result = AppriseChannel().send("nosuchservice://x", MESSAGE, "A-1")
    assert result == SendResult(SendOutcome.FAILED_PERMANENT, "route_not_understood")


class Named:
    def __init__(self, name: str) -> None:
        self.name = name

    def send(self, route: str, message: Message, reference: str) -> SendResult:
        return SendResult(SendOutcome.SENT, self.name)


def test_mail_servers_and_other_services_go_by_their_own_channels() -> None:
    channel = RoutedChannel({MAIL: Named("mail"), APPRISE: Named("others")})
    reasons = [channel.send(route, MESSAGE, "A-1").reason for route in ("mailtos://x", "json://x")]
    assert reasons == ["mail", "others"]
