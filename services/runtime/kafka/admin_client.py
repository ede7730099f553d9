"""A connection to the brokers for looking at them and making topics. When there is none, it is said why.

kafka-python says only in its log why brokers could not be reached, and leaves a thread and its files behind each time.
"""

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

# What the library and OpenSSL say, and what it means to whoever runs this. The first in this order that was said
# counts: brokers that refuse somebody do not always say so before they hang up.
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
    """The brokers were not reached, or did not let us in; the text names the setting to look at."""

    permanent = False


@contextmanager
def administering(settings: KafkaSettings) -> Iterator[KafkaAdminClient]:
    """Connect as an administrator while the block runs. Raises BrokersError when there is none."""
    # Kept, since the library loses those whose connection failed and leaves their threads running.
    clients: list[KafkaNetClient] = []

    def connect(**options: Any) -> KafkaNetClient:
        clients.append(KafkaNetClient(**options))
        return clients[-1]

    with _listening() as notes:
        try:
            admin = KafkaAdminClient(**settings.client(), kafka_client=connect)
        except KafkaError:
            for client in clients:
                client.close()
                client._manager._net.stop()  # noqa: SLF001 - its thread can be ended in no other way
            # The texts of the library may name hosts and users.
            raise BrokersError(_meaning(notes.lines)) from None
    try:
        yield admin
    finally:
        admin.close()


class _Notes(logging.Handler):
    """Keeps the lines of a log."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(Exception):
            self.lines.append(record.getMessage())


@contextmanager
def _listening() -> Iterator[_Notes]:
    notes = _Notes()
    # Beside the handlers that are there: the lines are logged as before.
    LIBRARY.addHandler(notes)
    try:
        yield notes
    finally:
        LIBRARY.removeHandler(notes)


def _meaning(lines: Sequence[str]) -> str:
    said = "\n".join(lines)
    return next((meaning for sign, meaning in SIGNS.items() if sign in said), NO_ANSWER)
