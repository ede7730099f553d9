"""What an answer or a fault of a mail server means: one table, and one rule for how far the conversation had come."""

import smtplib
import socket
import ssl
from enum import Enum

from services.alerts.delivery.channels.port import SendOutcome, SendResult


class SmtpStage(Enum):
    """How far the conversation has come.

    OPENING: connecting, encrypting and signing in. A refusal is about us or the server, which an operator mends.
    OFFERING: from the sender's address to the last byte of the mail. The server has accepted nothing yet.
    AWAITING: the whole mail is with the server, which has not answered. It may have accepted.
    """

    OPENING = 1
    OFFERING = 2
    AWAITING = 3


REASONS: tuple[tuple[type[Exception], str], ...] = (
    (smtplib.SMTPAuthenticationError, "sign_in_refused"),
    (smtplib.SMTPResponseException, "smtp_{code}"),
    (smtplib.SMTPNotSupportedError, "not_offered_by_server"),
    (ssl.SSLError, "tls_failed"),
    (ConnectionRefusedError, "connection_refused"),
    (socket.gaierror, "host_not_found"),
    (TimeoutError, "timed_out"),
    (ConnectionError, "connection_lost"),
    (smtplib.SMTPServerDisconnected, "connection_lost"),
    (smtplib.SMTPException, "smtp_error"),
    (OSError, "network_error"),
    (ValueError, "route_not_understood"),
)
"""The reason for each error, the first that fits."""

_SIGN_IN_WANTED = frozenset({530, 534, 535, 538})
"""Replies about signing in (RFC 4954), whatever they answer."""
_PERMANENT, _AFTER_PERMANENT, _TRANSIENT = 500, 600, 400


def result_of(error: Exception, stage: SmtpStage) -> SendResult:
    """The result of a conversation that ended with `error` at `stage`."""
    cause = _cause(error)
    code = _code(cause)
    reason = next((reason for kind, reason in REASONS if isinstance(cause, kind)), "smtp_error")
    return SendResult(_outcome(cause, code, stage), reason.format(code=code or "unclear"))


def _cause(error: Exception) -> Exception:
    """The fault itself: smtplib calls every broken or timed-out connection disconnected and keeps it as context."""
    hidden = error.__context__
    return hidden if isinstance(error, smtplib.SMTPServerDisconnected) and isinstance(hidden, OSError) else error


def _code(error: Exception) -> int | None:
    """The refusal's code (RFC 5321, 4.2.1), 400 to 599; None when there is no such reply."""
    code = error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else 0
    return code if _TRANSIENT <= code < _AFTER_PERMANENT else None


def _outcome(error: Exception, code: int | None, stage: SmtpStage) -> SendOutcome:
    if isinstance(error, ValueError) and not isinstance(error, OSError):
        return SendOutcome.FAILED_PERMANENT
    if code is None:
        return SendOutcome.IN_DOUBT if stage is SmtpStage.AWAITING else SendOutcome.FAILED_TEMPORARY
    mendable = stage is SmtpStage.OPENING or code < _PERMANENT or code in _SIGN_IN_WANTED
    return SendOutcome.FAILED_TEMPORARY if mendable else SendOutcome.FAILED_PERMANENT
