import re
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from io import BufferedReader

from services.alerts.delivery.channels.deadline import Deadline
from services.alerts.delivery.channels.library import NotifyEmail, SMTPSecureMode
from services.alerts.delivery.channels.mail.smtp_results import SmtpStage, result_of
from services.alerts.delivery.channels.port import ACCEPTED, SendResult

_COMPLETED, _GO_AHEAD = 2, 3  # the first digit of a reply (RFC 5321, 4.2.1)
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)


@dataclass(slots=True)
class _Progress:
    stage: SmtpStage = SmtpStage.OPENING


def submit(service: NotifyEmail, mail: bytes, seconds: float) -> SendResult:
    """`mail` has CRLF line ends. `seconds` limits the time of the whole exchange with the mail server."""
    progress, deadline = _Progress(), Deadline(seconds)
    try:
        with deadline.running():
            _converse(service, mail, progress, deadline)
    except smtplib.SMTPResponseException as refusal:
        return result_of(refusal, progress.stage)
    except (OSError, ValueError) as error:
        # At the deadline the socket is cut off, which looks like a lost connection.
        return result_of(TimeoutError() if deadline.over else error, progress.stage)
    return ACCEPTED


def _converse(service: NotifyEmail, mail: bytes, progress: _Progress, deadline: Deadline) -> None:
    with _signed_in(service, deadline) as server:
        progress.stage = SmtpStage.OFFERING
        _expect(_COMPLETED, server.mail(str(service.from_addr[1])))
        _expect(_COMPLETED, server.rcpt(service.targets[0][1]))
        _expect(_GO_AHEAD, server.docmd("DATA"))
        # A dot at the beginning of a line is doubled (RFC 5321, 4.5.2). Otherwise the dot could end the mail early.
        server.send(_LEADING_DOT.sub(b"..", mail) + b"\r\n.\r\n")
        progress.stage = SmtpStage.AWAITING
        _expect(_COMPLETED, server.getreply())


def _expect(group: int, reply: tuple[int, bytes]) -> None:
    # The error holds only the code, because the text of a reply may repeat addresses.
    code = reply[0]
    if code // 100 != group:
        raise smtplib.SMTPResponseException(code, b"")


@contextmanager
def _signed_in(service: NotifyEmail, deadline: Deadline) -> Iterator[smtplib.SMTP]:
    context = _tls(verified=service.verify_certificate)
    server = _connected(service, context, deadline)
    try:
        if service.secure_mode == SMTPSecureMode.STARTTLS:
            server.starttls(context=context)
        if service.user and service.password:
            server.login(service.user, service.password)
        server.ehlo_or_helo_if_needed()  # still needed where neither STARTTLS nor a sign-in came first
        yield server
    finally:
        _leave(server)


# Reading the certificates of the system takes longer than sending a mail. A restart reads them again.
@cache
def _tls(*, verified: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class _SmtpWithDeadline(smtplib.SMTP):
    def __init__(self, deadline: Deadline, host: str, port: int, timeout: float) -> None:
        self._deadline = deadline
        super().__init__(host, port, timeout=timeout)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self._deadline.connect(host, port, timeout)

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = _WholeLineReader(self.sock.makefile("rb"))
        return super().getreply()


class _WholeLineReader:
    """Drops an incomplete line, because smtplib would read it as a complete reply."""

    def __init__(self, lines: BufferedReader) -> None:
        self._lines = lines

    def readline(self, limit: int) -> bytes:
        line = self._lines.readline(limit)
        # smtplib takes an empty line for the end of the connection. It reports a line of `limit` bytes as too long.
        return line if line.endswith(b"\n") or len(line) >= limit else b""

    def close(self) -> None:
        self._lines.close()


class _SmtpTlsWithDeadline(smtplib.SMTP_SSL, _SmtpWithDeadline):
    def __init__(self, deadline: Deadline, host: str, port: int, timeout: float, context: ssl.SSLContext) -> None:
        # Set before the constructor of the base class is called, because that constructor connects.
        self._deadline = deadline
        smtplib.SMTP_SSL.__init__(self, host, port, timeout=timeout, context=context)


def _connected(service: NotifyEmail, context: ssl.SSLContext, deadline: Deadline) -> smtplib.SMTP:
    host, port = service.smtp_host.strip("[]"), service.port or 0
    if service.secure_mode == SMTPSecureMode.SSL:
        return _SmtpTlsWithDeadline(deadline, host, port, service.socket_connect_timeout, context)
    return _SmtpWithDeadline(deadline, host, port, service.socket_connect_timeout)


def _leave(server: smtplib.SMTP) -> None:
    # QUIT is sent without waiting for the reply: a slow reply must not turn an accepted mail into a failed mail.
    with suppress(OSError):
        server.putcmd("QUIT")
    server.close()
