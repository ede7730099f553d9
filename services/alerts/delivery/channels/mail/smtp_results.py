"""Turns a mail server's refusal, or a fault of the connection, into the result of a send."""

import smtplib
import socket
import ssl
from enum import Enum

from services.alerts.delivery.channels.port import SendOutcome, SendResult


class SmtpStage(Enum):
    """The stage that a conversation has reached."""

    # Connecting, encrypting and signing in. A refusal here is about us or the server, so an operator can put it right.
    OPENING = 1
    # From the sender's address to the last byte of the mail. The server has accepted nothing yet.
    OFFERING = 2
    # The server has the whole mail and has not answered. It may have accepted it.
    AWAITING = 3


# The first that fits counts, so a class stands before those it inherits from.
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

# Replies about signing in (RFC 4954), to whichever command.
_SIGN_IN_WANTED = frozenset({530, 534, 535, 538})
_PERMANENT, _AFTER_PERMANENT, _TRANSIENT = 500, 600, 400


def result_of(error: Exception, stage: SmtpStage) -> SendResult:
    cause = _cause(error)
    code = _code(cause)
    reason = next((reason for kind, reason in REASONS if isinstance(cause, kind)), "smtp_error")
    return SendResult(_outcome(cause, code, stage), reason.format(code=code or "unclear"))


def _cause(error: Exception) -> Exception:
    # smtplib turns every broken or timed-out connection into SMTPServerDisconnected; the fault itself is its context.
    hidden = error.__context__
    return hidden if isinstance(error, smtplib.SMTPServerDisconnected) and isinstance(hidden, OSError) else error


def _code(error: Exception) -> int | None:
    # RFC 5321, 4.2.1: a refusal is 400 to 599. Any other number is no reply that can be relied on.
    code = error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else 0
    return code if _TRANSIENT <= code < _AFTER_PERMANENT else None


def _outcome(error: Exception, code: int | None, stage: SmtpStage) -> SendOutcome:
    # A value that cannot be sent, such as a bad host name. Some classes are both, and those are network faults.
    if isinstance(error, ValueError) and not isinstance(error, OSError):
        return SendOutcome.FAILED_PERMANENT
    if code is None:
        return SendOutcome.IN_DOUBT if stage is SmtpStage.AWAITING else SendOutcome.FAILED_TEMPORARY
    mendable = stage is SmtpStage.OPENING or code < _PERMANENT or code in _SIGN_IN_WANTED
    return SendOutcome.FAILED_TEMPORARY if mendable else SendOutcome.FAILED_PERMANENT
