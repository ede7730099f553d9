from __future__ import annotations

from asyncio.base_events import Server
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import escape
from threading import Condition
from typing import Any, cast

from aiosmtpd.controller import Controller
from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse

# A mail is shown as it was received, so no script in it may run.
MAIL_HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'", "Cache-Control": "no-store"}


@dataclass
class Mailbox:
    mails: list[EmailMessage] = field(default_factory=list)
    _changed: Condition = field(default_factory=Condition)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name for it
        mail = message_from_bytes(envelope.original_content, policy=policy.default)
        with self._changed:
            # This runs in the thread of the mail server. The pages read the list in another thread.
            self.mails.append(mail)
            self._changed.notify_all()
        return "250 Message accepted for delivery"

    def wait_for(self, count: int, timeout: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: len(self.mails) >= count, timeout)


@contextmanager
def receiving(mailbox: Mailbox) -> Iterator[int]:
    controller = _FreePortController(mailbox, hostname="127.0.0.1", port=0)
    controller.start()
    try:
        yield controller.bound_port
    finally:
        controller.stop()


class _FreePortController(Controller):
    @property
    def bound_port(self) -> int:
        port: int = cast("Server", self.server).sockets[0].getsockname()[1]
        return port

    def _trigger_server(self) -> None:
        # The library checks the server on the configured port, so `port` must name the port that was picked.
        self.port = self.bound_port
        super()._trigger_server()  # type: ignore[no-untyped-call]


def text_of(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body(preferencelist=(kind,))
    # Empty where the mail has no such part.
    return str(part.get_content()) if part else ""


def make_router(mailbox: Mailbox) -> APIRouter:
    router = APIRouter(prefix="/mailbox", include_in_schema=False)

    @router.get("", response_class=HTMLResponse)
    def index() -> HTMLResponse:
        # The newest first.
        rows = "".join(_row(number, mail) for number, mail in reversed(list(enumerate(mailbox.mails))))
        return HTMLResponse(_PAGE.format(count=len(mailbox.mails), rows=rows), headers=MAIL_HEADERS)

    @router.get("/{number}", response_class=HTMLResponse)
    def show(number: int) -> HTMLResponse:
        if not 0 <= number < len(mailbox.mails):
            raise HTTPException(404, "there is no such mail")
        return HTMLResponse(text_of(mailbox.mails[number], "html"), headers=MAIL_HEADERS)

    return router


def _row(number: int, mail: EmailMessage) -> str:
    to, subject = escape(str(mail["To"])), escape(str(mail["Subject"]))
    return f'<tr><td>{number + 1}</td><td>{to}</td><td><a href="/mailbox/{number}">{subject}</a></td></tr>'


_PAGE = """<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<title>The officers' mailbox</title>
<style>
body {{ font: 16px/1.5 Arial, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }}
table {{ border-collapse: collapse; width: 100% }}
td, th {{ border-bottom: 1px solid #b1b4b6; padding: .4rem; text-align: left; vertical-align: top }}
</style>
</head>
<body>
<h1>The officers' mailbox</h1>
<p>{count} e-mails, the newest first. They came over SMTP, as they would in a council.</p>
<table>
<thead><tr><th>No.</th><th>To</th><th>Subject</th></tr></thead>
<tbody>{rows}</tbody>
</table>
</body>
</html>
"""
