from __future__ import annotations

import socket
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests

from services.alerts.delivery.channels.http.watched_session import AttemptOverHttp
from services.alerts.delivery.channels.port import ACCEPTED, SendOutcome, SendResult
from services.alerts.delivery.channels.refusals import RouteRefusedError

# Answers of a gateway that may have passed the message on before it lost the service behind it.
_IN_DOUBT = frozenset({502, 504, 520, 524})
# Refusals that end by themselves: request time-out, misdirected, too early, too many (RFC 9110, 8470 and 6585).
_TEMPORARY = frozenset({408, 421, 425, 429})
_MOVED_FOR_GOOD = frozenset({301, 308})
_OK, _REDIRECT, _REFUSED, _FAULT = 200, 300, 400, 500

# The first class that fits is used, so a class must stand before its base classes.
FAULTS: tuple[tuple[type[Exception], str], ...] = (
    (requests.exceptions.SSLError, "tls_failed"),
    (ConnectionRefusedError, "connection_refused"),
    (socket.gaierror, "host_not_found"),
    (TimeoutError, "timed_out"),
    (requests.Timeout, "timed_out"),
    (requests.ConnectionError, "connection_lost"),
    (requests.exceptions.ChunkedEncodingError, "connection_lost"),
    (OSError, "network_error"),
)


def result_of_status(status: int, retry_after: str | None = None) -> SendResult:
    if _OK <= status < _REDIRECT:
        return ACCEPTED
    return SendResult(_outcome(status), f"http_{status}", seconds_asked(retry_after))


def _outcome(status: int) -> SendOutcome:
    if status in _IN_DOUBT:
        return SendOutcome.IN_DOUBT
    lasting = status in _MOVED_FOR_GOOD or (_REFUSED <= status < _FAULT and status not in _TEMPORARY)
    return SendOutcome.FAILED_PERMANENT if lasting else SendOutcome.FAILED_TEMPORARY


def result_of_fault(error: Exception, attempt: AttemptOverHttp) -> SendResult:
    cause = attempt.fault or error
    if isinstance(cause, RouteRefusedError):
        return cause.result
    # At the deadline the connection is cut off, which looks like a lost connection.
    cause = TimeoutError() if attempt.deadline.over else cause
    reason = next((reason for kind, reason in FAULTS if isinstance(cause, kind)), "channel_error")
    return SendResult(SendOutcome.IN_DOUBT if attempt.posted else SendOutcome.FAILED_TEMPORARY, reason)


def seconds_asked(retry_after: str | None) -> float | None:
    """Return the seconds to wait, or None if `retry_after` is missing or unreadable."""
    # The header holds a number of seconds or a date (RFC 9110).
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
