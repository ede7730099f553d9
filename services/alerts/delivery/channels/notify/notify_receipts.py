from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from notifications_python_client.errors import APIError

from services.alerts.delivery.channels.http.watched_session import AttemptOverHttp
from services.alerts.delivery.channels.notify.govuk_notify_plugin import API
from services.alerts.delivery.channels.notify.notify_results import FAILED_FOR_GOOD, FAILED_FOR_NOW
from services.alerts.delivery.channels.notify.notify_route import read_notify_route
from services.alerts.delivery.channels.refusals import RouteRefusedError
from services.alerts.delivery.receipts.receipt import DeliveryReceipt, ReceiptState

# `sent` is the last status of a text message to a country whose networks say no more.
_DELIVERED: Final = frozenset({"delivered", "received", "sent"})
# Only this failure is about the recipient: the address or number does not exist.
_NO_SUCH_RECIPIENT: Final = "permanent-failure"


class NotifyReceipts:
    def __init__(self, seconds: float = 30.0, api: str = API) -> None:
        self._seconds = seconds  # the longest time that one look-up may take
        self._api = api

    def look_up(self, route: str, reference: str) -> DeliveryReceipt | None:
        """Return None if no receipt can be read. Raises no error."""
        try:
            service = read_notify_route(route)
            service.api = self._api
            attempt = AttemptOverHttp(self._seconds)
            client: Any = service.make_client(self._seconds)
            with attempt.deadline.running(), attempt.session() as client.request_session:
                answer = client.get_all_notifications(reference=reference)
        except (RouteRefusedError, APIError):
            return None
        except Exception:  # noqa: BLE001 - a look-up that fails is made again later
            return None
        return _newest(answer, reference)


def receipt_of(status: str, at: datetime) -> DeliveryReceipt:
    """Return the receipt for a status of GOV.UK Notify. If the status is not final, the outcome is AWAITED."""
    at = at.replace(tzinfo=at.tzinfo or UTC)
    if status in _DELIVERED:
        return DeliveryReceipt(ReceiptState.DELIVERED, at)
    if status in FAILED_FOR_NOW | FAILED_FOR_GOOD:
        reason = f"notify_{status.replace('-', '_')}"
        return DeliveryReceipt(ReceiptState.FAILED, at, reason, for_good=status == _NO_SUCH_RECIPIENT)
    return DeliveryReceipt(ReceiptState.AWAITED, at)


def _newest(answer: Any, reference: str) -> DeliveryReceipt | None:
    listed = answer.get("notifications") if isinstance(answer, dict) else None
    if not isinstance(listed, list):
        return None
    # A message that failed and was sent again is there twice, in any order.
    mine = [one for one in listed if isinstance(one, dict) and one.get("reference") == reference]
    final = [one for found in mine for one in _read(found) if one.outcome is not ReceiptState.AWAITED]
    return max(final, key=lambda one: (one.at, one.outcome is ReceiptState.FAILED), default=None)


def _read(one: Mapping[str, Any]) -> list[DeliveryReceipt]:
    # `completed_at` is the time of the last change of the status. It is empty until there was one.
    moments = (_moment(one.get(name)) for name in ("completed_at", "sent_at", "created_at"))
    return [receipt_of(str(one.get("status")), at) for at in moments if at is not None][:1]


def _moment(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None
