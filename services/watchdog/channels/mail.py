"""Sends the watchdog's mail with the standard library."""
# A fault in the channels of alerts must not silence the watchdog, so this module shares no code with the channels.

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import make_msgid
from urllib.parse import unquote, urlsplit

from services.core.errors import RefusedError
from services.watchdog.message import WatchdogMessage

SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class MailServer:
    # If `tls` is false, the server must offer STARTTLS. `plain` allows mail without TLS.
    host: str
    port: int
    user: str | None
    password: str | None
    tls: bool
    plain: bool = False


@dataclass(frozen=True, slots=True)
class WatchdogMail:
    """`send` raises OSError or SMTPException if nobody gets the mail."""

    server: MailServer
    sender: str
    recipients: tuple[str, ...]

    @property
    def name(self) -> str:
        return "mail"

    def send(self, message: WatchdogMessage) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self.sender, ", ".join(self.recipients), message.subject
        mail["Message-ID"] = make_msgid(domain="pullcord.invalid")
        # A filter of automatic answers must not answer it.
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text)
        with _connected(self.server) as connection:
            # It raises only if every recipient was refused.
            connection.send_message(mail)


def mail_server(url: str, *, plain: bool) -> MailServer:
    """Read `smtp://user:password@host:port` or `smtps://…`. Raises RefusedError for any other form."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in ("smtp", "smtps") or not host:
        raise RefusedError(
            "PULLCORD_WATCHDOG_MAIL_SERVER is no mail server: write it as smtp://user:password@host:587, or smtps://"
        )
    tls = parts.scheme == "smtps"
    user, password = (unquote(part) if part else None for part in (parts.username, parts.password))
    return MailServer(host, port or (465 if tls else 587), user, password, tls, plain)


def _connected(server: MailServer) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if server.tls:
        connection: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=context)
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=SECONDS)
    try:
        if not server.tls and not server.plain:
            connection.starttls(context=context)
        if server.user is not None:
            connection.login(server.user, server.password or "")
    except BaseException:
        connection.close()
        raise
    return connection
