from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from standardwebhooks.webhooks import Webhook

from services.alerts.delivery.channels.http.http_results import result_of_fault, result_of_status
from services.alerts.delivery.channels.http.watched_session import AttemptOverHttp
from services.alerts.delivery.channels.port import ChannelKind, SendResult, host_and_port
from services.alerts.delivery.channels.refusals import RouteRefusedError
from services.alerts.delivery.channels.webhook.public_addresses import check_public
from services.alerts.delivery.channels.webhook.webhook_route import SCHEME, WebhookRoute, read_webhook_route
from services.alerts.message.message import Message

EVENT = "alert.message"


class WebhookChannel:
    """Sends messages to webhooks. All attempts to send one message have the same `webhook-id`."""

    def __init__(
        self, seconds: float = 30.0, check: Callable[[str], None] = check_public, trust: str | None = None
    ) -> None:
        self._seconds = seconds  # the longest time that one attempt may take
        self._check = check  # gets each address of the host, and raises RouteRefusedError
        self._trust = trust  # a file of certificates, in place of the usual authorities

    def send(self, route: str, message: Message, reference: str) -> SendResult:
        attempt = AttemptOverHttp(self._seconds, self._check)
        try:
            target = read_webhook_route(route)
            with attempt.deadline.running():
                return self._post(target, message, reference, attempt)
        except RouteRefusedError as refused:
            return refused.result
        except Exception as error:  # noqa: BLE001 - a channel never raises
            return result_of_fault(error, attempt)

    def _post(self, target: WebhookRoute, message: Message, reference: str, attempt: AttemptOverHttp) -> SendResult:
        body = body_of(message, reference)
        with attempt.session() as session:
            # A proxy or a .netrc of the process would go round the check of the address.
            session.trust_env = False
            answer = session.post(
                target.url,
                data=body,
                headers=signed(target.secret, reference, body, datetime.now(UTC)),
                timeout=self._seconds,
                verify=self._trust or True,
                allow_redirects=False,
                stream=True,  # only the status counts; the rest of the answer is not read
            )
            answer.close()
        return result_of_status(answer.status_code, answer.headers.get("Retry-After"))


def body_of(message: Message, reference: str) -> bytes:
    # The same for each attempt, so that a receiver can compare copies.
    data = {"reference": reference, "subject": message.subject, "text": message.text}
    return json.dumps({"type": EVENT, "data": data}, ensure_ascii=False).encode(errors="replace")


def signed(secret: bytes, reference: str, body: bytes, at: datetime) -> Mapping[str, str]:
    """Return the HTTP headers of a signed message."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "Pullcord",
        "webhook-id": reference,
        # Receivers refuse a message if this time differs from their clock by several minutes.
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(reference, at, body.decode()),
    }


def _destination(route: str) -> str:
    target = read_webhook_route(route)
    return f"{SCHEME}://{host_and_port(target.host, target.port)}"


WEBHOOK = ChannelKind(
    schemes=frozenset({SCHEME}),
    example="webhook+https://hook.example/alerts?secret=whsec_MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw",
    make=lambda chosen: WebhookChannel(chosen.seconds),
    destination=_destination,
    understood=lambda route: f"signed webhook to {read_webhook_route(route).host}",
)
