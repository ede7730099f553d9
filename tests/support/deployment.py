from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine, event, select

from services.alerts.case.store.cases import find_cases
from services.alerts.delivery.channels.pool import DeliveryPool
from services.alerts.delivery.channels.port import ACCEPTED, SendOutcome, SendResult
from services.alerts.delivery.digest import Presentation
from services.alerts.delivery.dispatch import Dispatcher
from services.alerts.engine import Engine as AlertEngine
from services.alerts.message.message import Message
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.alerts.review.case import Case
from services.alerts.states.rules import load_ruleset
from services.core.tokens import Tokeniser
from services.ingest.reading.drafts import RawRow, RecordKind
from services.ingest.reading.outcomes import RowOutcome
from services.ingest.recording.replacement import Replacement
from services.ingest.recording.service import accept
from services.ingest.recording.submission import Origin, Receipt
from services.runtime.consumers import make_consumers
from services.runtime.embedded.event_dispatcher import EventDispatcher
from services.storage.database.engine import make_engine
from services.storage.feeds import add_feed
from services.storage.migrate import upgrade
from services.storage.store import Store
from services.storage.tables import matches
from services.storage.vault import Vault
from tests.support.clock import FrozenClock
from tests.support.contacts import set_verified_policy
from tests.support.servers.statements import share_statements

RULESET = "pstn-2026"
# Seconds that a slow machine gets to notice that a message was sent.
PATIENCE = 20.0
BLACKPOOL = "council:E06000009"
RAVEN = "provider:RAVN"


@dataclass
class SentMessage:
    route: str
    message: Message
    reference: str


@dataclass
class RecordingChannel:
    sent: list[SentMessage] = field(default_factory=list)
    # Each message uses up the first result. Without a result, the message is accepted.
    results: list[SendResult] = field(default_factory=list)

    def send(self, route: str, message: Message, reference: str) -> SendResult:
        result = self.results.pop(0) if self.results else ACCEPTED
        # A message that was not accepted has not left the deployment.
        if result.outcome is SendOutcome.SENT:
            self.sent.append(SentMessage(route, message, reference))
        return result


def make_store(engine: Engine, clock: FrozenClock, seed: int = 1) -> Store:
    # Keys are fixed and randomness is seeded, so that a test always has the same tokens and references.
    noise = random.Random(seed)
    return Store(engine, Vault({"k1": b"v" * 32}, "k1"), Tokeniser(b"t" * 32), clock, noise.randbytes)


class Deployment:
    def __init__(
        self,
        engine: Engine,
        clock: FrozenClock | None = None,
        seed: int = 1,
        channel: RecordingChannel | None = None,
        *,
        is_new: bool = True,
    ) -> None:
        self.clock = clock or FrozenClock()
        self.store = make_store(engine, self.clock, seed)
        self.channel = channel or RecordingChannel()
        self.ruleset = load_ruleset(RULESET)
        self.consumers = make_consumers(self.ruleset)
        self.event_dispatcher = EventDispatcher(self.store, self.consumers)
        self.fallback = (Contact(person="operator", channel="route", address="mailto://operator.example"),)
        # Most tests let weeks pass in which their feeds send nothing.
        self.engine = AlertEngine(self.store, self.ruleset, self.fallback, watches_silence=False)
        presentation = Presentation("https://pullcord.example", timedelta(hours=72))
        pool = DeliveryPool(self.channel, time=self.clock.monotonic)
        self.dispatcher = Dispatcher(self.store, pool, presentation, patience=PATIENCE)
        if is_new:
            add_feed(self.store, "council", "E06000009", "Blackpool")
            add_feed(self.store, "provider", "RAVN", "Raven Telecom")

    def with_officers(self, policy: CouncilPolicy | None = None) -> Deployment:
        desk = Contact(person="duty desk", channel="route", address="mailto://desk.example")
        # Most tests look at each message about a case, and let many happen on one day.
        tiers = (Tier(label="duty", from_days=56, contacts=(desk,)),)
        made = policy or CouncilPolicy(tiers=tiers, one_digest_a_day=False)
        set_verified_policy(self.store, BLACKPOOL, made)
        return self

    def post_notices(
        self, *rows: Mapping[str, Any], feed: str = RAVEN, key: str | None = None
    ) -> tuple[Receipt, list[RowOutcome]]:
        return self._accept(feed, RecordKind.NOTICE, rows, "id", key=key)

    def put_entries(
        self,
        *rows: Mapping[str, Any],
        feed: str = BLACKPOOL,
        replacement: Replacement | None = None,
    ) -> tuple[Receipt, list[RowOutcome]]:
        return self._accept(feed, RecordKind.ENTRY, rows, "entry_id", replacement=replacement)

    def settle(self) -> None:
        while self.event_dispatcher.run_once():
            pass

    def tick(self, **by: float) -> None:
        """Moves the clock forward, and does everything that is due."""
        self.settle()
        self.clock.advance(**by)
        self.settle()
        # A message that cannot be sent may make the engine ask others.
        while self.engine.run_due() or self.dispatcher.run_due():
            self.settle()

    def cases(self) -> list[Case]:
        with self.store.reading() as connection:
            return find_cases(connection)

    def matches(self) -> list[tuple[int, int, str, str]]:
        query = select(matches.c.notice_pk, matches.c.entry_pk, matches.c.level, matches.c.reasons).where(
            matches.c.live
        )
        with self.store.reading() as connection:
            return sorted(tuple(row) for row in connection.execute(query))

    def mails(self) -> list[SentMessage]:
        return self.channel.sent

    def _accept(
        self,
        feed: str,
        kind: RecordKind,
        rows: Iterable[Mapping[str, Any]],
        identity: str,
        *,
        key: str | None = None,
        replacement: Replacement | None = None,
    ) -> tuple[Receipt, list[RowOutcome]]:
        # A row without a reference gets one from its position, so that a test can leave the reference out.
        numbered = [RawRow(number, {identity: f"r{number}", **row}) for number, row in enumerate(rows, start=1)]
        # Equal rows have an equal digest. Over HTTP, the same holds for equal bodies.
        digest = sha256(repr(numbered).encode()).digest()
        return accept(self.store, Origin(feed, kind, "test", digest, key), numbered, replacement)


def sqlite_engine(folder: Path) -> Engine:
    path = folder / "pullcord.db"
    path.write_bytes(_blank_database())
    return share_statements(without_waiting_for_the_disk(make_engine(f"sqlite:///{path}")))


def without_waiting_for_the_disk(engine: Engine) -> Engine:
    # No test cuts the power of the machine, and a killed process loses nothing that it gave to the system.
    def prepare(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    event.listen(engine, "connect", prepare)
    engine.dispose()
    return engine


@cache
def _blank_database() -> bytes:
    # Migrating is slow, so it is done once, and each test copies the file.
    with TemporaryDirectory() as folder:
        path = Path(folder) / "blank.db"
        engine = make_engine(f"sqlite:///{path}")
        upgrade(engine)
        engine.dispose()
        return path.read_bytes()
