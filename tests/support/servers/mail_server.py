"""A real mail server on loopback that keeps what it is given."""

from email import message_from_bytes, policy

from aiosmtpd.controller import Controller


class Inbox:
    """Keeps what it receives; `refuse` makes it answer a command with a line of its own."""

    def __init__(self):
        self.mails = []
        self.refuse = {}
        self.at_data = None

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802
        envelope.mail_from = address
        return self.refuse.get("MAIL", "250 OK")

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        envelope.rcpt_tos.append(address)
        return self.refuse.get("RCPT", "250 OK")

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.mails.append(envelope)
        if self.at_data:
            await self.at_data(server)
        return self.refuse.get("DATA", "250 OK")

    def received(self):
        return [message_from_bytes(mail.content, policy=policy.default) for mail in self.mails]


class LoopbackServer(Controller):
    """Listens on whatever port is free."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()
