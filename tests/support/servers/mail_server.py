from __future__ import annotations

from asyncio import Server
from collections.abc import Awaitable, Callable
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


def bytes_of(mail: Envelope) -> bytes:
    # The server keeps bytes unless it is configured to decode them.
    assert isinstance(mail.content, bytes)
    return mail.content


class Inbox:
    def __init__(self) -> None:
        self.mails: list[Envelope] = []
        self.refuse: dict[str, str] = {}
        self.at_data: Callable[[SMTP], Awaitable[None]] | None = None

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.refuse.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.refuse.get("RCPT", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.mails.append(envelope)
        if self.at_data:
            await self.at_data(server)
        return self.refuse.get("DATA", "250 OK")

    def received(self) -> list[EmailMessage]:
        return [message_from_bytes(bytes_of(mail), policy=policy.default) for mail in self.mails]


class LoopbackServer(Controller):
    def _trigger_server(self) -> None:
        assert isinstance(self.server, Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()
