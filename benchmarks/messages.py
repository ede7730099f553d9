"""Counts the messages that each person gets in 30 days, if nobody answers."""
# Column "before" is from an older engine. That engine repeated messages by the date alone.

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select

from services.alerts.delivery.channels.pool import DeliveryPool
from services.alerts.delivery.channels.port import ACCEPTED, SendResult
from services.alerts.delivery.contacts.verification import ask_code, verify_contact
from services.alerts.delivery.digest import Presentation
from services.alerts.delivery.dispatch import Dispatcher
from services.alerts.engine import Engine
from services.alerts.message.message import Message
from services.alerts.policy.councils import set_policy
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.alerts.states.rules import load_ruleset
from services.core.clock import LONDON
from services.core.tokens import Tokeniser
from services.ingest.reading.drafts import RawRow, RecordKind
from services.ingest.recording.service import accept
from services.ingest.recording.submission import Origin
from services.runtime.consumers import make_consumers
from services.runtime.embedded.event_dispatcher import EventDispatcher
from services.storage import tables
from services.storage.database.engine import make_engine
from services.storage.feeds import add_feed
from services.storage.migrate import upgrade
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork
from services.storage.vault import Vault

START = datetime(2027, 2, 1, 9, tzinfo=UTC)  # a Monday in a month without a bank holiday
DAYS = 30
_DUE = (tables.cases.c.due_at, tables.deliveries.c.due_at, tables.alerts.c.check_at)
COUNCIL, PROVIDER = "council:E06000009", "provider:RAVN"
NIGHT_BEGINS, NIGHT_ENDS = 22, 7


@dataclass(frozen=True, slots=True)
class Trial:
    # `days` are the days from the start to each harmful day. `tiers` is a number.
    name: str
    days: Sequence[int]
    tiers: int
    before: int
    aim: int


TRIALS = (
    Trial("one line, 60 days off", [60], 1, 4, 4),
    Trial("one line, 10 days off", [10], 1, 141, 14),
    Trial("one line, overdue", [-1], 1, 181, 30),
    Trial("40 lines over 40 days", range(1, 41), 1, 181, 22),
    Trial("three tiers, one line overdue", [-1], 3, 237, 30),
)


@dataclass
class MovedClock:
    at: datetime = START

    def now(self) -> datetime:
        return self.at


@dataclass
class Noted:
    clock: MovedClock
    sent: list[tuple[str, datetime]] = field(default_factory=list)

    def send(self, route: str, _message: Message, _reference: str) -> SendResult:
        self.sent.append((route.partition("://")[2].partition(".")[0], self.clock.now()))
        return ACCEPTED


def run(trial: Trial, folder: Path) -> Noted:
    clock = MovedClock()
    channel = Noted(clock)
    engine = make_engine(f"sqlite:///{folder / 'messages.db'}")
    upgrade(engine)
    store = Store(engine, Vault({"k": b"v" * 32}, "k"), Tokeniser(b"t" * 32), clock, random.Random(1).randbytes)
    add_feed(store, "council", "E06000009", "Blackpool")
    add_feed(store, "provider", "RAVN", "Raven Telecom")
    policy = CouncilPolicy(tiers=tuple(_tiers(trial.tiers)))
    set_policy(store, COUNCIL, policy, by="benchmark")
    _verify(store, policy)
    _receive(store, trial)
    ruleset = load_ruleset("pstn-2026")
    events = EventDispatcher(store, make_consumers(ruleset))
    alerts = Engine(store, ruleset, (_contact("operator"),), watches_silence=False)
    sender = Dispatcher(store, DeliveryPool(channel), Presentation("https://pullcord.example", timedelta(hours=72)))
    while clock.at < START + timedelta(days=DAYS):
        while events.run_once() or alerts.run_due() or sender.run_due():
            pass
        clock.at = _next_due(store, clock.at)
    engine.dispose()
    return channel


def _next_due(store: Store, now: datetime) -> datetime:
    with store.reading() as connection:
        queries = (select(func.min(due)).where(due > now) for due in _DUE)
        found: list[datetime] = [moment for moment in map(connection.scalar, queries) if moment]
    return min([*found, now + timedelta(hours=1)])


def _tiers(count: int) -> Iterator[Tier]:
    for number, from_days in enumerate((56, 28, 7)[:count], start=1):
        yield Tier(label=f"tier {number}", from_days=from_days, contacts=(_contact(f"tier{number}"),))


def _verify(store: Store, policy: CouncilPolicy) -> None:
    for contact in policy.every_contact:
        with store.writing() as connection:
            code = ask_code(UnitOfWork(connection, store, store.now()), COUNCIL, contact, "benchmark")
        verify_contact(store, COUNCIL, contact, code, "benchmark")


def _contact(name: str) -> Contact:
    return Contact(person=name, channel="route", address=f"mailto://{name}.example")


def _receive(store: Store, trial: Trial) -> None:
    number = "01632 960{:03}"
    entries = [{"entry_id": f"e{n}", "cli": number.format(n)} for n in range(len(trial.days))]
    notices = [
        {"id": f"n{n}", "cli": number.format(n), "issued_at": "2027-01-20T09:00:00Z", **_planned(days)}
        for n, days in enumerate(trial.days)
    ]
    for feed, kind, rows in ((COUNCIL, RecordKind.ENTRY, entries), (PROVIDER, RecordKind.NOTICE, notices)):
        numbered = [RawRow(place, row) for place, row in enumerate(rows, start=1)]
        accept(store, Origin(feed, kind, "benchmark", b"d" * 32, None), numbered, None)


def _planned(days: int) -> dict[str, str]:
    planned: date = START.date() + timedelta(days=days)
    return {"planned_migration_date": str(planned)}


def _at_night(at: datetime) -> bool:
    hour = at.astimezone(LONDON).hour
    return hour >= NIGHT_BEGINS or hour < NIGHT_ENDS


def main() -> None:
    table = Table("trial", "before", "now", "aim", "at night", "next asked after", "operator after")
    for trial in TRIALS:
        with tempfile.TemporaryDirectory() as folder:
            sent = run(trial, Path(folder)).sent
        counts = Counter(person for person, _ in sent if person != "operator")
        first = {person: min(at for one, at in sent if one == person) - sent[0][1] for person, _ in sent}
        night = sum(_at_night(at) for person, at in sent if person == counts.most_common(1)[0][0])
        following = first.get("tier2") if trial.tiers > 1 else first.get("operator")
        table.add_row(
            trial.name,
            str(trial.before),
            str(counts.most_common(1)[0][1]),
            str(trial.aim),
            str(night),
            _span(following),
            _span(first.get("operator")),
        )
    Console(width=120).print(table)


def _span(span: timedelta | None) -> str:
    return "-" if span is None else str(span)


if __name__ == "__main__":
    main()
