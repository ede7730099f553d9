# kafka-python writes the reason of a failure only to its log.
from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from kafka import KafkaAdminClient
from kafka.errors import KafkaError
from kafka.net.compat import KafkaNetClient

from services.core.errors import PullcordError
from services.runtime.kafka.kafka_settings import KafkaSettings

LIBRARY = logging.getLogger("kafka.net.manager")

# The longest wait for an answer of a broker. The readiness of a role shows the reason of a failure only then.
ANSWER_MS = 10_000

NOT_SIGNED_IN = "the brokers refuse PULLCORD_KAFKA_SASL_USERNAME with its password"
OTHER_MECHANISM = "the brokers do not know PULLCORD_KAFKA_SASL_MECHANISM"
NOT_TRUSTED = "the certificate of the brokers is not vouched for by PULLCORD_KAFKA_CA_FILE"
NO_CERTIFICATE = "the brokers want another certificate than PULLCORD_KAFKA_CERTIFICATE_FILE, or one at all"
OTHER_SECURITY = "the brokers do not speak as PULLCORD_KAFKA_SECURITY says"
HUNG_UP = (
    "the brokers hang up: look at PULLCORD_KAFKA_SECURITY, PULLCORD_KAFKA_CERTIFICATE_FILE, "
    "PULLCORD_KAFKA_SASL_MECHANISM and PULLCORD_KAFKA_SASL_USERNAME with its password"
)
NO_ANSWER = "nobody answers at PULLCORD_KAFKA_BROKERS, or not as PULLCORD_KAFKA_SECURITY says"

# Log texts of kafka-python and OpenSSL, with their meaning for the operator. The first match in this order counts. The
# last text is the least exact: brokers may hang up without a reason.
SIGNS = {
    "SaslAuthenticationFailed": NOT_SIGNED_IN,
    "UnsupportedSaslMechanism": OTHER_MECHANISM,
    "certificate verify failed": NOT_TRUSTED,
    "certificate required": NO_CERTIFICATE,
    "bad certificate": NO_CERTIFICATE,
    "IllegalSaslState": OTHER_SECURITY,
    "Invalid frame length": OTHER_SECURITY,
    "EOF occurred": OTHER_SECURITY,
    "wrong version number": OTHER_SECURITY,
    "socket disconnected": HUNG_UP,
}


class BrokersError(PullcordError):
    """The brokers cannot be used. The text of the error names the setting to check."""

    permanent = False


@contextmanager
def administering(settings: KafkaSettings) -> Iterator[KafkaAdminClient]:
    # Keep each client: if its connection fails, the library forgets the client, but leaves its thread running.
    clients: list[KafkaNetClient] = []

    def connect(**options: Any) -> KafkaNetClient:
        clients.append(KafkaNetClient(**options))
        return clients[-1]

    with _captured_log() as captured:
        try:
            limits = {"bootstrap_timeout_ms": ANSWER_MS, "request_timeout_ms": ANSWER_MS}
            admin = KafkaAdminClient(**settings.client(), **limits, kafka_client=connect)
        except KafkaError:
            for client in clients:
                client.close()
                client._manager._net.stop()  # noqa: SLF001 - its thread can be ended in no other way
            # The texts of the library may name hosts and users.
            raise BrokersError(_meaning(captured.lines)) from None
    try:
        yield admin
    finally:
        admin.close()


class _LogCapture(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(Exception):
            self.lines.append(record.getMessage())


@contextmanager
def _captured_log() -> Iterator[_LogCapture]:
    capture = _LogCapture()
    # The other handlers stay, so the lines are logged as before.
    LIBRARY.addHandler(capture)
    try:
        yield capture
    finally:
        LIBRARY.removeHandler(capture)


def _meaning(lines: Sequence[str]) -> str:
    said = "\n".join(lines)
    return next((meaning for sign, meaning in SIGNS.items() if sign in said), NO_ANSWER)
