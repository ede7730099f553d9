from __future__ import annotations

from email import message_from_bytes, policy
from time import time
from typing import Any

from aiosmtpd.controller import Controller

from benchmarks.distributed.environment.processes import free_port


class Mailbox(Controller):
    # `first` maps an alert to the arrival of its first mail.
    def __init__(self) -> None:
        self.first: dict[str, float] = {}
        super().__init__(self, hostname="127.0.0.1", port=free_port())

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - the library's name
        # A mail's reference is `<alert>.<delivery>`. Only the alert matters here, so the recipient makes no difference.
        came = time()
        reference = str(message_from_bytes(envelope.content, policy=policy.default)["X-Pullcord-Alert"])
        self.first.setdefault(reference.partition(".")[0], came)
        return "250 OK"
