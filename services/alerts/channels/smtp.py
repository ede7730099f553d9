"""The conversation with a mail server, step by step, so that it is known how far it had come when it ended."""

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from services.alerts.channels.library import NotifyEmail, SMTPSecureMode
from services.alerts.channels.port import ACCEPTED, SendResult
from services.alerts.channels.smtp_results import Stage, result_of

_COMPLETED, _GO_AHEAD = 2, 3
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)


@dataclass(slots=True)
class _Progress:
    stage: Stage = Stage.OPENING


def submit(service: NotifyEmail, mail: bytes) -> SendResult:
    """Hand `mail` (lines ended by CRLF) to the route's server for its one recipient.

    Each step waits as long as the route says (`cto`, seconds; Apprise's default is 15).
    """
    progress = _Progress()
    try:
        _converse(service, mail, progress)
    except (OSError, ValueError) as error:
        return result_of(error, progress.stage)
    return ACCEPTED


def _converse(service: NotifyEmail, mail: bytes, progress: _Progress) -> None:
    with _signed_in(service) as server:
        progress.stage = Stage.OFFERING
        _expect(_COMPLETED, server.mail(str(service.from_addr[1])))
        _expect(_COMPLETED, server.rcpt(service.targets[0][1]))
        _expect(_GO_AHEAD, server.docmd("DATA"))
        server.send(_LEADING_DOT.sub(b"..", mail) + b"\r\n.\r\n")
        progress.stage = Stage.AWAITING
        _expect(_COMPLETED, server.getreply())


def _expect(group: int, reply: tuple[int, bytes]) -> None:
    """Raises SMTPResponseException with the code alone: the words of a server repeat addresses."""
    code = reply[0]
    if code // 100 != group:
        raise smtplib.SMTPResponseException(code, b"")


@contextmanager
def _signed_in(service: NotifyEmail) -> Iterator[smtplib.SMTP]:
    context = _tls(service)
    server = _connected(service, context)
    try:
        if service.secure_mode == SMTPSecureMode.STARTTLS:
            server.starttls(context=context)
        if service.user and service.password:
            server.login(service.user, service.password)
        server.ehlo_or_helo_if_needed()
        yield server
    finally:
        _leave(server)


def _tls(service: NotifyEmail) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not service.verify_certificate:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _connected(service: NotifyEmail, context: ssl.SSLContext) -> smtplib.SMTP:
    host, port = service.smtp_host.strip("[]"), service.port or 0
    if service.secure_mode == SMTPSecureMode.SSL:
        return smtplib.SMTP_SSL(host, port, timeout=service.socket_connect_timeout, context=context)
    return smtplib.SMTP(host, port, timeout=service.socket_connect_timeout)


def _leave(server: smtplib.SMTP) -> None:
    """Say goodbye without waiting for the answer: a slow one must not make an accepted mail look doubtful."""
    with suppress(OSError):
        server.putcmd("QUIT")
    server.close()
