import smtplib
import socket
import ssl
from enum import Enum

from services.alerts.delivery.channels.port import SendOutcome, SendResult


class SmtpStage(Enum):
    # Connecting, encrypting and signing in. A refusal at this stage is about us or the server: an operator can fix it.
    OPENING = 1
    # From the sender's address to the last byte of the mail. The server has accepted nothing yet.
    OFFERING = 2
    # The server has the whole mail and has not answered. It may have accepted it.
    AWAITING = 3


# The first class that fits is used, so a class must stand before its base classes.
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

# Codes of replies about signing in (RFC 4954). Any command may get such a reply.
_SIGN_IN_WANTED = frozenset({530, 534, 535, 538})
# With 421 the server closes the connection (RFC 5321, 3.8).
_ABOUT_SERVER = _SIGN_IN_WANTED | {421}
_PERMANENT, _AFTER_PERMANENT, _TRANSIENT = 500, 600, 400


def result_of(error: Exception, stage: SmtpStage) -> SendResult:
    cause = _cause(error)
    code = _code(cause)
    reason = next((reason for kind, reason in REASONS if isinstance(cause, kind)), "smtp_error")
    # A server that refuses one mail by its sender, recipient or text takes other mail.
    only_this = stage is not SmtpStage.OPENING and code is not None and code not in _ABOUT_SERVER
    return SendResult(_outcome(cause, code, stage), reason.format(code=code or "unclear"), only_this_message=only_this)


def _cause(error: Exception) -> Exception:
    # smtplib turns every broken or timed-out connection into SMTPServerDisconnected. The cause is in its `__context__`.
    hidden = error.__context__
    return hidden if isinstance(error, smtplib.SMTPServerDisconnected) and isinstance(hidden, OSError) else error


def _code(error: Exception) -> int | None:
    # A refusal has a code from 400 to 599 (RFC 5321, 4.2.1). Any other code cannot be relied on.
    code = error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else 0
    return code if _TRANSIENT <= code < _AFTER_PERMANENT else None


def _outcome(error: Exception, code: int | None, stage: SmtpStage) -> SendOutcome:
    # A ValueError means a value that cannot be sent, such as a bad host name. If it is also an OSError, the network
    # failed.
    if isinstance(error, ValueError) and not isinstance(error, OSError):
        return SendOutcome.FAILED_PERMANENT
    if code is None:
        return SendOutcome.IN_DOUBT if stage is SmtpStage.AWAITING else SendOutcome.FAILED_TEMPORARY
    mendable = stage is SmtpStage.OPENING or code < _PERMANENT or code in _SIGN_IN_WANTED
    return SendOutcome.FAILED_TEMPORARY if mendable else SendOutcome.FAILED_PERMANENT
