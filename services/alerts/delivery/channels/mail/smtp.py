"""The conversation with a mail server, step by step, so that it is known how far it had come when it ended."""

import re
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BufferedReader

from services.alerts.delivery.channels.library import NotifyEmail, SMTPSecureMode
from services.alerts.delivery.channels.mail.deadline import Deadline
from services.alerts.delivery.channels.mail.smtp_results import SmtpStage, result_of
from services.alerts.delivery.channels.port import ACCEPTED, SendResult

_COMPLETED, _GO_AHEAD = 2, 3
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)


@dataclass(slots=True)
class _Progress:
    stage: SmtpStage = SmtpStage.OPENING


def submit(service: NotifyEmail, mail: bytes, seconds: float) -> SendResult:
    """Hand `mail` (lines ended by CRLF) to the route's server for its one recipient, within so many seconds.

    Each step waits as long as the route says (`cto`, seconds; Apprise's default is 15), all of them together no longer
    than `seconds`, also with a server that sends a byte now and then.
    """
    progress, deadline = _Progress(), Deadline(seconds)
    try:
        with deadline.running():
            _converse(service, mail, progress, deadline)
    except smtplib.SMTPResponseException as refusal:
        return result_of(refusal, progress.stage)
    except (OSError, ValueError) as error:
        return result_of(TimeoutError() if deadline.over else error, progress.stage)
    return ACCEPTED


def _converse(service: NotifyEmail, mail: bytes, progress: _Progress, deadline: Deadline) -> None:
    with _signed_in(service, deadline) as server:
        progress.stage = SmtpStage.OFFERING
        _expect(_COMPLETED, server.mail(str(service.from_addr[1])))
        _expect(_COMPLETED, server.rcpt(service.targets[0][1]))
        _expect(_GO_AHEAD, server.docmd("DATA"))
        server.send(_LEADING_DOT.sub(b"..", mail) + b"\r\n.\r\n")
        progress.stage = SmtpStage.AWAITING
        _expect(_COMPLETED, server.getreply())


def _expect(group: int, reply: tuple[int, bytes]) -> None:
    """Raises SMTPResponseException with the code alone: the words of a server repeat addresses."""
    code = reply[0]
    if code // 100 != group:
        raise smtplib.SMTPResponseException(code, b"")


@contextmanager
def _signed_in(service: NotifyEmail, deadline: Deadline) -> Iterator[smtplib.SMTP]:
    context = _tls(service)
    server = _connected(service, context, deadline)
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


class _Watched(smtplib.SMTP):
    """A conversation over a socket that is cut off at the deadline."""

    def __init__(self, deadline: Deadline, host: str, port: int, timeout: float) -> None:
        self._deadline = deadline
        super().__init__(host, port, timeout=timeout)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self._deadline.connect(host, port, timeout)

    def getreply(self) -> tuple[int, bytes]:
        """The next reply. Raises SMTPServerDisconnected where the connection ends within a line of it."""
        if self.file is None and self.sock is not None:
            self.file = _WholeLines(self.sock.makefile("rb"))
        return super().getreply()


class _WholeLines:
    """Reads a server's lines; one that was cut short says nothing: smtplib takes `25` and an end for an answer."""

    def __init__(self, lines: BufferedReader) -> None:
        self._lines = lines

    def readline(self, limit: int) -> bytes:
        line = self._lines.readline(limit)
        return line if line.endswith(b"\n") or len(line) >= limit else b""

    def close(self) -> None:
        self._lines.close()


class _WatchedTls(smtplib.SMTP_SSL, _Watched):
    """The same, encrypted from the first byte."""

    def __init__(self, deadline: Deadline, host: str, port: int, timeout: float, context: ssl.SSLContext) -> None:
        self._deadline = deadline
        smtplib.SMTP_SSL.__init__(self, host, port, timeout=timeout, context=context)


def _connected(service: NotifyEmail, context: ssl.SSLContext, deadline: Deadline) -> smtplib.SMTP:
    host, port = service.smtp_host.strip("[]"), service.port or 0
    if service.secure_mode == SMTPSecureMode.SSL:
        return _WatchedTls(deadline, host, port, service.socket_connect_timeout, context)
    return _Watched(deadline, host, port, service.socket_connect_timeout)


def _leave(server: smtplib.SMTP) -> None:
    """Say goodbye without waiting for the answer: a slow one must not make an accepted mail look doubtful."""
    with suppress(OSError):
        server.putcmd("QUIT")
    server.close()
