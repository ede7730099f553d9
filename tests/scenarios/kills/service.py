"""A deployment on a data directory that one process after another works on. Its messages go to a file."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from services.alerts.delivery.channels.port import ACCEPTED, SendOutcome, SendResult
from services.alerts.delivery.receipts.polling import ReceiptDesk
from services.alerts.delivery.receipts.receipt import DeliveryReceipt, ReceiptState
from services.alerts.message.message import Message
from services.audit.month_end import MonthEnd
from services.runtime.bootstrap import UNSAFE
from services.runtime.embedded.event_dispatcher import republish_missed_to
from services.storage.database.engine import make_engine
from tests.scenarios.kills.commits import HAND_OVER, Commits
from tests.simulation.surroundings.crashes import without_waiting_for_the_disk
from tests.support.clock import FrozenClock
from tests.support.deployment import Deployment, RecordingChannel

BUSY = SendResult(SendOutcome.FAILED_TEMPORARY, "smtp_451")
REFUSED = SendResult(SendOutcome.FAILED_PERMANENT, "smtp_550")
WITH_RECEIPT = SendResult(SendOutcome.SENT, ACCEPTED.reason, receipt_awaited=True)


@dataclass
class FileChannel(RecordingChannel):
    """A channel that writes the reference of each message to a file. `outcomes` holds the faults, by contact."""

    path: Path = field(kw_only=True)
    commits: Commits = field(kw_only=True)
    outcomes: dict[str, SendResult] = field(default_factory=dict)

    def send(self, route: str, message: Message, reference: str) -> SendResult:
        contact = route.removeprefix("mailto://").partition(".")[0]
        result = self.outcomes.get(contact, ACCEPTED)
        if result.outcome is not SendOutcome.SENT:
            return result
        self.commits.reach(HAND_OVER, after=False)
        with self.path.open("a") as file:
            file.write(f"{reference} {contact}\n")
        self.commits.reach(HAND_OVER, after=True)
        return result


class Service(Deployment):
    """All background work of one process on a data directory."""

    channel: FileChannel

    def __init__(self, folder: Path, commits: Commits, now: datetime, *, is_new: bool = False) -> None:
        engine = without_waiting_for_the_disk(make_engine(f"sqlite:///{folder / 'pullcord.db'}"))
        commits.watch(engine)
        channel = FileChannel(path=folder / "sent", commits=commits)
        # Each process draws its own references.
        seed = int.from_bytes(os.urandom(8))
        super().__init__(engine, FrozenClock(now), seed, channel, is_new=is_new)
        self.folder = folder
        self.dispatcher.receipts = ReceiptDesk(lambda _route, _reference: self.receipt(), patience=20.0)
        self.closer = MonthEnd(self.store, UNSAFE)

    def receipt(self) -> DeliveryReceipt:
        return DeliveryReceipt(ReceiptState.DELIVERED, self.clock.now(), "notify_test")

    def work(self) -> None:
        """Do all that is due within half a minute, in which new cases are gathered."""
        self.tick(seconds=31)
        while self.closer.run_once():
            pass
        republish_missed_to(self.store, self.consumers)
        self.tick()

    def sent(self) -> list[tuple[str, str]]:
        """Return the reference and the contact of each message that was handed over, in order."""
        with suppress(FileNotFoundError):
            lines = self.channel.path.read_text().splitlines()
            return [(line.split()[0], line.split()[1]) for line in lines]
        return []
