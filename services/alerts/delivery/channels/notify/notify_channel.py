from __future__ import annotations

from dataclasses import replace

from notifications_python_client.errors import APIError

from services.alerts.delivery.channels.http.http_results import result_of_fault
from services.alerts.delivery.channels.http.watched_session import AttemptOverHttp
from services.alerts.delivery.channels.notify.govuk_notify_plugin import (
    API,
    SCHEME,
    SMS_LIMIT,
    NotifyGovUkNotify,
    NotifyKind,
)
from services.alerts.delivery.channels.notify.notify_receipts import NotifyReceipts
from services.alerts.delivery.channels.notify.notify_results import (
    NOT_UNDERSTOOD,
    result_of_answer,
    result_of_error,
    result_of_search,
)
from services.alerts.delivery.channels.notify.notify_route import read_notify_route
from services.alerts.delivery.channels.port import ChannelKind, SendOutcome, SendResult
from services.alerts.delivery.channels.refusals import RouteRefusedError
from services.alerts.message.message import Message
from services.alerts.message.short_form import short_form


class NotifyChannel:
    """Sends messages through GOV.UK Notify."""

    def __init__(self, seconds: float = 30.0, api: str = API) -> None:
        self._seconds = seconds  # the longest time that one attempt may take, with the search before it
        self._api = api

    def send(self, route: str, message: Message, reference: str) -> SendResult:
        try:
            service = read_notify_route(route)
        except RouteRefusedError as refused:
            return refused.result
        attempt = AttemptOverHttp(self._seconds)
        try:
            with attempt.deadline.running():
                return self._converse(service, message, reference, attempt)
        except APIError as error:
            return result_of_error(error, attempt)
        except Exception as error:  # noqa: BLE001 - a channel never raises
            return result_of_fault(error, attempt)

    def _converse(
        self, service: NotifyGovUkNotify, message: Message, reference: str, attempt: AttemptOverHttp
    ) -> SendResult:
        service.api = self._api
        client = service.make_client(self._seconds)
        with attempt.session() as client.request_session:
            # GOV.UK Notify is asked before each message, so that no message is sent twice: after a crash or a restore
            # nobody else knows what was sent.
            try:
                earlier = result_of_search(client.get_all_notifications(reference=reference), reference)
            except TypeError:
                return SendResult(SendOutcome.FAILED_TEMPORARY, NOT_UNDERSTOOD)
            if earlier is not None:
                return _with_receipt(earlier, service)
            body = short_form(message, SMS_LIMIT) if service.kind is NotifyKind.SMS else message.text
            answer = service.deliver(client, service.targets[0], message.subject, body, reference)
            return _with_receipt(result_of_answer(answer, reference), service)


def _with_receipt(result: SendResult, service: NotifyGovUkNotify) -> SendResult:
    # A letter arrives days later, and GOV.UK Notify never hears of it.
    awaited = result.outcome is SendOutcome.SENT and service.kind is not NotifyKind.LETTER
    return replace(result, receipt_awaited=awaited)


_WORDS = {NotifyKind.EMAIL: "mail to", NotifyKind.SMS: "text message to", NotifyKind.LETTER: "letter to"}


def _understood(route: str) -> str:
    service = read_notify_route(route)
    recipient = service.targets[0].replace("\n", ", ")
    return f"{_WORDS[service.kind]} {recipient} through GOV.UK Notify"


NOTIFY = ChannelKind(
    schemes=frozenset({SCHEME}),
    example="govuknotify://key-00000000-0000-4000-8000-000000000001-00000000-0000-4000-8000-000000000002"
    "/00000000-0000-4000-8000-000000000003/duty@council.example",
    make=lambda chosen: NotifyChannel(chosen.seconds),
    # Each service of GOV.UK Notify has limits of its own, so each is a destination of its own.
    destination=lambda route: f"{SCHEME}://{read_notify_route(route).service_id.lower()}",
    understood=_understood,
    receipts=lambda chosen: NotifyReceipts(chosen.seconds).look_up,
)
