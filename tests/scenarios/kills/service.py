from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
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
from tests.support.clock import FrozenClock
from tests.support.deployment import Deployment, RecordingChannel, without_waiting_for_the_disk

RESULTS = {
    "busy": SendResult(SendOutcome.FAILED_TEMPORARY, "smtp_451"),
    "refused": SendResult(SendOutcome.FAILED_PERMANENT, "smtp_550"),
    "with receipt": SendResult(SendOutcome.SENT, ACCEPTED.reason, receipt_awaited=True),
}


@dataclass
class FileChannel(RecordingChannel):
    """Keeps the sent messages in a file, so that the next process can read them."""

    folder: Path = field(kw_only=True)
    commits: Commits = field(kw_only=True)

    def answer(self, **results: str) -> None:
        (self.folder / "faults").write_text(json.dumps(results))

    def faults(self) -> dict[str, str]:
        known: dict[str, str] = json.loads((self.folder / "faults").read_text())
        return known

    def send(self, route: str, message: Message, reference: str) -> SendResult:
        contact = route.removeprefix("mailto://").partition(".")[0]
        result = RESULTS.get(self.faults().get(contact, ""), ACCEPTED)
        if result.outcome is not SendOutcome.SENT:
            return result
        self.commits.reach(HAND_OVER, after=False)
        with (self.folder / "sent").open("a") as file:
            file.write(f"{reference} {contact}\n")
        self.commits.reach(HAND_OVER, after=True)
        return result


class KeptClock(FrozenClock):
    def __init__(self, path: Path, start: datetime) -> None:
        super().__init__(datetime.fromisoformat(path.read_text()) if path.exists() else start)
        self._path = path

    def advance(self, **by: float) -> None:
        super().advance(**by)
        self._path.write_text(self.now().isoformat())

    def set(self, moment: datetime) -> None:
        super().set(moment)
        self._path.write_text(moment.isoformat())


class Service(Deployment):
    channel: FileChannel

    def __init__(self, folder: Path, commits: Commits, now: datetime, *, is_new: bool = False) -> None:
        engine = without_waiting_for_the_disk(make_engine(f"sqlite:///{folder / 'pullcord.db'}"))
        commits.watch(engine)
        channel = FileChannel(folder=folder, commits=commits)
        if is_new:
            channel.answer()
        # Each process draws its own references.
        seed = int.from_bytes(os.urandom(8))
        super().__init__(engine, KeptClock(folder / "clock", now), seed, channel, is_new=is_new)
        self.folder, self.step_began = folder, now
        self.dispatcher.receipts = ReceiptDesk(lambda _route, _reference: self.receipt(), patience=20.0)
        self.closer = MonthEnd(self.store, UNSAFE)

    def begin(self, at: datetime) -> None:
        self.step_began = at
        self.clock.set(at)

    def wait(self, **since: float) -> None:
        self.clock.set(max(self.clock.now(), self.step_began + timedelta(**since)))

    def receipt(self) -> DeliveryReceipt:
        return DeliveryReceipt(ReceiptState.DELIVERED, self.clock.now(), "notify_test")

    def work(self) -> None:
        # New cases are gathered for half a minute.
        self.tick(seconds=31)
        while self.closer.run_once():
            pass
        republish_missed_to(self.store, self.consumers)
        self.tick()

    def sent(self) -> list[tuple[str, str]]:
        """Return the reference and the contact of each sent message."""
        with suppress(FileNotFoundError):
            lines = (self.folder / "sent").read_text().splitlines()
            return [(line.split()[0], line.split()[1]) for line in lines]
        return []
