from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.alerts.delivery.channels.notify.govuk_notify_plugin import SMS_LIMIT
from services.alerts.delivery.channels.notify.notify_channel import NotifyChannel
from services.alerts.delivery.channels.notify.notify_results import DAILY_LIMIT, DAILY_LIMIT_WAIT
from services.alerts.delivery.channels.port import ACCEPTED, SendOutcome, SendResult
from services.alerts.message.message import Message
from tests.support.logged import everything_logged
from tests.support.servers.over_http.local_server import running
from tests.support.servers.over_http.notify_server import (
    KEY,
    SECRET,
    SERVICE,
    TEMPLATE,
    Fault,
    NotifyHandler,
    NotifyServer,
)

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

LINK = "https://pullcord.example/a/Qm7x"
MESSAGE = Message("Act by Thu 3 December [A-1]", f"Two lines need action.\n\n{LINK}\n", "<p>Two lines</p>")
PERSON, NUMBER = "duty@council.example", "07700 900123"
ROUTE = f"govuknotify://{KEY.replace(' ', '%20')}/{TEMPLATE}/"
LONG, SHORT = 10.0, 0.3  # seconds of an attempt: more than any answer needs, and less than a fault lasts


@pytest.fixture
def notify() -> Iterator[NotifyServer]:
    with running(NotifyServer()) as server:
        yield server
        assert server.complaints == []


def send(notify: NotifyServer, to: str = PERSON, seconds: float = LONG, reference: str = "A-1.7") -> SendResult:
    return NotifyChannel(seconds, notify.url).send(ROUTE + to, MESSAGE, reference)


def refused(status: int, kind: str = "BadRequestError", **headers: str) -> Fault:
    return lambda handler: handler.refuse(status, kind, **headers)


def accepted_but_silent(handler: NotifyHandler) -> None:
    handler.accept()
    handler.say_nothing()


def accepted_but_lost(handler: NotifyHandler) -> None:
    handler.accept()
    handler.hang_up()


def accepted_but_stuttered(handler: NotifyHandler) -> None:
    handler.accept()
    handler.stutter(b"HTTP/1.1 201 Created\r\nContent-Length: 100000\r\n\r\n{")


def accepted_but_garbled(handler: NotifyHandler) -> None:
    handler.accept()
    handler.answer(201, b"<html>")


def accepted_by_a_gateway_that_gave_up(handler: NotifyHandler) -> None:
    handler.accept()
    handler.answer(504)


DOUBTS = [
    (accepted_but_silent, "timed_out"),
    (accepted_but_stuttered, "timed_out"),
    (accepted_but_lost, "connection_lost"),
    (accepted_but_garbled, "answer_not_understood"),
    (accepted_by_a_gateway_that_gave_up, "http_504"),
]


class TestAccepted:
    def test_a_mail_has_the_subject_the_text_and_the_reference(self, notify: NotifyServer) -> None:
        assert send(notify) == ACCEPTED
        [message] = notify.accepted
        assert (message["type"], message["reference"]) == ("email", "A-1.7")
        assert message["body"]["email_address"] == PERSON
        assert message["body"]["personalisation"] == {"subject": MESSAGE.subject, "body": MESSAGE.text}

    def test_a_text_message_has_the_subject_and_the_link(self, notify: NotifyServer) -> None:
        assert send(notify, NUMBER) == ACCEPTED
        [message] = notify.accepted
        assert message["body"]["phone_number"] == "+447700900123"
        assert message["body"]["personalisation"]["body"] == f"{MESSAGE.subject}\n{LINK}"

    def test_a_letter_has_each_line_of_its_address(self, notify: NotifyServer) -> None:
        assert send(notify, "Duty desk/1 High Street/FY3 8AB?kind=letter") == ACCEPTED
        filled = notify.accepted[0]["body"]["personalisation"]
        lines = [filled[f"address_line_{number}"] for number in (1, 2, 3)]
        assert lines == ["Duty desk", "1 High Street", "FY3 8AB"]

    def test_an_answer_that_comes_late_but_in_time_counts(self, notify: NotifyServer) -> None:
        def slowly(handler: NotifyHandler) -> None:
            notify.over.wait(SHORT)
            handler.answer_json(201, handler.accept())

        notify.sending_faults.append(slowly)
        assert (send(notify), len(notify.accepted)) == (ACCEPTED, 1)

    @settings(max_examples=25, deadline=None)
    @given(
        st.builds(Message, st.text(max_size=200), st.text(max_size=3_000), st.just("")),
        st.sampled_from([PERSON, NUMBER, "Duty desk/1 High Street/FY3 8AB?kind=letter"]),
    )
    def test_any_message_is_a_request_that_the_service_understands(self, message: Message, to: str) -> None:
        with running(NotifyServer()) as server:
            assert NotifyChannel(LONG, server.url).send(ROUTE + to, message, "A-1.7") == ACCEPTED
            assert server.complaints == []
            assert to != NUMBER or len(server.accepted[0]["body"]["personalisation"]["body"]) <= SMS_LIMIT


class TestFailedForNow:
    @pytest.mark.parametrize(
        ("status", "kind", "reason"),
        [
            (429, "RateLimitError", "notify_rate_limit"),
            (500, "Exception", "http_500"),
            (503, "Exception", "http_503"),
        ],
    )
    @pytest.mark.parametrize("where", ["search_faults", "sending_faults"])
    def test_a_limit_or_a_fault_of_the_service(
        self, notify: NotifyServer, where: str, status: int, kind: str, reason: str
    ) -> None:
        getattr(notify, where).append(refused(status, kind))
        assert send(notify) == SendResult(SendOutcome.FAILED_TEMPORARY, reason)
        assert (send(notify), len(notify.accepted)) == (ACCEPTED, 1)

    def test_the_limit_of_a_day_lasts_for_hours_and_says_nothing_of_other_messages(self, notify: NotifyServer) -> None:
        notify.sending_faults.append(refused(429, "TooManyRequestsError"))
        result = send(notify)
        assert result == SendResult(SendOutcome.FAILED_TEMPORARY, DAILY_LIMIT, DAILY_LIMIT_WAIT)
        assert (result.lasts_for_hours, result.only_this_message) == (True, True)

    def test_the_limit_of_a_minute_is_about_all_messages(self, notify: NotifyServer) -> None:
        notify.sending_faults.append(refused(429, "RateLimitError"))
        result = send(notify)
        assert (result.lasts_for_hours, result.only_this_message) == (False, False)

    def test_a_limit_says_after_how_long_it_ends(self, notify: NotifyServer) -> None:
        in_an_hour = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
        waits = []
        for asked in ("30", in_an_hour, "soon"):
            notify.sending_faults.append(refused(429, "RateLimitError", Retry_After=asked))
            waits.append(send(notify).retry_after)
        assert waits == [30.0, pytest.approx(3_600, abs=30), None]

    @pytest.mark.parametrize("fault", [NotifyHandler.say_nothing, NotifyHandler.hang_up])
    def test_a_search_without_an_answer_sends_nothing(self, notify: NotifyServer, fault: Fault) -> None:
        notify.search_faults.append(fault)
        assert send(notify, seconds=SHORT).outcome is SendOutcome.FAILED_TEMPORARY
        assert notify.accepted == []

    def test_no_service_at_the_address(self) -> None:
        with running(NotifyServer()) as gone:
            pass
        assert send(gone) == SendResult(SendOutcome.FAILED_TEMPORARY, "connection_refused")

    @pytest.mark.parametrize("seed", range(5))
    def test_any_other_fault_of_the_service(self, notify: NotifyServer, seed: int) -> None:
        status = random.Random(seed).choice([one for one in range(500, 600) if one not in (502, 504, 520, 524)])
        notify.sending_faults.append(refused(status, "Exception"))
        assert send(notify) == SendResult(SendOutcome.FAILED_TEMPORARY, f"http_{status}")


class TestFailedForGood:
    @pytest.mark.parametrize(
        ("status", "kind", "reason"),
        [
            (400, "ValidationError", "notify_validation"),
            (400, "BadRequestError", "http_400"),
            (403, "AuthError", "http_403"),
        ],
    )
    def test_a_recipient_or_a_key_that_is_refused(
        self, notify: NotifyServer, status: int, kind: str, reason: str
    ) -> None:
        notify.sending_faults.append(refused(status, kind))
        assert send(notify) == SendResult(SendOutcome.FAILED_PERMANENT, reason)

    def test_a_key_of_nobody(self) -> None:
        with running(NotifyServer()) as server:
            route = ROUTE.replace(SECRET, TEMPLATE) + PERSON
            result = NotifyChannel(LONG, server.url).send(route, MESSAGE, "A-1.7")
            assert result == SendResult(SendOutcome.FAILED_PERMANENT, "http_403")
            assert server.accepted == []

    @pytest.mark.parametrize("seed", range(5))
    def test_any_other_refusal(self, notify: NotifyServer, seed: int) -> None:
        status = random.Random(seed).choice([one for one in range(400, 500) if one not in (408, 421, 425, 429)])
        notify.sending_faults.append(refused(status))
        assert send(notify) == SendResult(SendOutcome.FAILED_PERMANENT, f"http_{status}")


class TestInDoubt:
    @pytest.mark.parametrize(("fault", "reason"), DOUBTS)
    def test_an_answer_that_does_not_come_or_cannot_be_read(
        self, notify: NotifyServer, fault: Fault, reason: str
    ) -> None:
        notify.sending_faults.append(fault)
        assert send(notify, seconds=SHORT if reason == "timed_out" else LONG) == SendResult(
            SendOutcome.IN_DOUBT, reason
        )

    @pytest.mark.parametrize(("fault", "reason"), DOUBTS)
    def test_the_next_attempt_finds_the_message_and_sends_no_second(
        self, notify: NotifyServer, fault: Fault, reason: str
    ) -> None:
        notify.sending_faults.append(fault)
        send(notify, seconds=SHORT)
        assert (send(notify), len(notify.accepted), notify.searches) == (ACCEPTED, 1, 2)

    @pytest.mark.parametrize("seed", range(6))
    def test_however_many_attempts_fail_the_message_is_accepted_once(self, notify: NotifyServer, seed: int) -> None:
        draw = random.Random(seed)
        harmless: list[Fault] = [refused(429), refused(500), refused(503), NotifyHandler.hang_up]
        notify.search_faults.extend(draw.choices(harmless, k=draw.randint(0, 3)))
        notify.sending_faults.extend(draw.choices([*harmless, *(fault for fault, _ in DOUBTS[2:])], k=3))
        results = [send(notify) for _ in range(8)]
        assert results[-1] == ACCEPTED
        assert len(notify.accepted) == 1


class TestEarlierMessages:
    @pytest.mark.parametrize("seed", range(5))
    def test_one_that_stands_among_others_in_any_order_is_found(self, notify: NotifyServer, seed: int) -> None:
        send(notify)
        others = [{"id": str(number), "reference": f"A-1.{number}", "status": "created"} for number in range(20, 25)]
        failed = [{"id": "0", "reference": "A-1.7", "status": "technical-failure"}]
        listed = random.Random(seed).sample([*notify.accepted, *others, *failed], 7)
        notify.search_faults.append(lambda handler: handler.list_messages(listed))
        assert (send(notify), len(notify.accepted)) == (ACCEPTED, 1)

    def test_one_of_another_reference_is_no_reason_not_to_send(self, notify: NotifyServer) -> None:
        send(notify, reference="A-1.8")
        assert (send(notify), len(notify.accepted)) == (ACCEPTED, 2)

    @pytest.mark.parametrize("status", ["temporary-failure", "technical-failure"])
    def test_one_that_failed_for_now_is_sent_again(self, notify: NotifyServer, status: str) -> None:
        send(notify)
        notify.status = status
        assert (send(notify), len(notify.accepted)) == (ACCEPTED, 2)

    @pytest.mark.parametrize("status", ["permanent-failure", "validation-failed"])
    def test_one_that_failed_for_good_is_not_sent_again(self, notify: NotifyServer, status: str) -> None:
        send(notify)
        notify.status = status
        assert send(notify) == SendResult(SendOutcome.FAILED_PERMANENT, "notify_permanent_failure")
        assert len(notify.accepted) == 1

    @pytest.mark.parametrize("answer", [b"[]", b"{}", b"<html>", b'{"notifications": 5}'])
    def test_an_answer_that_is_no_list_sends_nothing(self, notify: NotifyServer, answer: bytes) -> None:
        notify.search_faults.append(lambda handler: handler.answer(200, answer))
        assert send(notify) == SendResult(SendOutcome.FAILED_TEMPORARY, "answer_not_understood")
        assert notify.accepted == []


class TestLimits:
    @pytest.mark.parametrize("where", ["search_faults", "sending_faults"])
    @pytest.mark.parametrize("beginning", [b"", b"HTTP/1.1 2", b"HTTP/1.1 201 Created\r\nContent-Length: 9999\r\n\r\n"])
    def test_an_attempt_ends_in_time_though_the_service_sends_a_byte_at_a_time(
        self, notify: NotifyServer, where: str, beginning: bytes
    ) -> None:
        getattr(notify, where).append(lambda handler: handler.stutter(beginning))
        outcome = SendOutcome.IN_DOUBT if where == "sending_faults" else SendOutcome.FAILED_TEMPORARY
        assert send(notify, seconds=SHORT) == SendResult(outcome, "timed_out")

    def test_a_redirect_is_not_followed(self, notify: NotifyServer) -> None:
        with running(NotifyServer()) as elsewhere:
            notify.sending_faults.append(lambda handler: handler.answer(307, Location=f"{elsewhere.url}/v2"))
            assert send(notify).reason == "http_307"
            assert elsewhere.searches == 0
            assert elsewhere.accepted == []

    @pytest.mark.parametrize("fault", [refused(400, "ValidationError"), refused(500), accepted_but_lost, None])
    def test_no_key_and_no_recipient_is_logged_or_returned(self, notify: NotifyServer, fault: Fault | None) -> None:
        notify.sending_faults.extend([fault] if fault else [])
        with everything_logged("notifications_python_client") as logged:
            said = repr(send(notify)) + repr(send(notify, "nobody")) + repr(logged)
        assert not any(secret in said for secret in (PERSON, "nobody", SECRET, SERVICE))
