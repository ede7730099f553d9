from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from benchmarks.distributed.environment.furnishing import EVERY_MOMENT
from benchmarks.distributed.environment.processes import until
from benchmarks.timing import database
from services.alerts.delivery.channels.port import Channel
from services.alerts.delivery.contacts.verification import ask_code, verify_contact
from services.alerts.policy.councils import set_policy
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.ingest.reading.drafts import RecordKind
from services.ingest.recording.service import accept
from services.ingest.recording.submission import Origin
from services.ingest.requests import raw_rows
from services.runtime.bootstrap import Parts, make_parts, make_store
from services.runtime.embedded.event_dispatcher import EventDispatcher
from services.runtime.embedded.runner import EmbeddedRunner
from services.runtime.maintenance.keyring import new_keyring, write_keyring
from services.runtime.settings import Settings
from services.storage import tables
from services.storage.feeds import add_feed
from services.storage.migrate import upgrade
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork
from services.web.bodies import JSON, read_json_rows

PATIENCE = 900.0
PROVIDER = "provider:RAVN"
ROWS = 10_000  # in one submission


@dataclass(frozen=True, slots=True)
class Trial:
    # `ports` has the port of each council's mail server.
    ports: Sequence[int]
    cases: int  # of each council
    people: int  # of each council


@dataclass(frozen=True, slots=True)
class Spent:
    # Both values are seconds: one by the clock, one by the processor.
    seconds: float
    processor: float


@contextmanager
def due_at_once(trial: Trial, *, postgres: bool = False, channel: Channel | None = None) -> Iterator[Parts]:
    """Yield a service with due cases. The service has sent no message yet."""
    with tempfile.TemporaryDirectory() as at, database(Path(at), postgres=postgres) as url:
        settings = Settings(
            data_dir=Path(at), database_url=url, public_url="http://127.0.0.1", mail_without_tls=True, poll_seconds=0.2
        )
        write_keyring(settings.keys_path, new_keyring())
        store = make_store(settings)
        upgrade(store.engine)
        parts = make_parts(settings, store, channel=channel)
        for number, port in enumerate(trial.ports):
            _add_council(store, number, port, trial.people)
        add_feed(store, "provider", "RAVN", "Raven Telecom")
        parts.engine.run_due()
        _receive(store, trial)
        events = EventDispatcher(store, parts.consumers)
        while events.run_once():
            pass
        yield parts
        store.engine.dispose()


def send_all(parts: Parts) -> Spent:
    runner = EmbeddedRunner(parts)
    began, worked = time.monotonic(), time.process_time()
    runner.start()
    until(lambda: not _waiting(parts.store), PATIENCE, "all messages", every=0.5)
    spent = Spent(time.monotonic() - began, time.process_time() - worked)
    runner.stop()
    return spent


def code_of(number: int) -> str:
    return f"E{number:08}"


def _waiting(store: Store) -> bool:
    # Both look for one row, so that the measuring takes little time from what is measured.
    owed = (
        select(tables.deliveries.c.pk).where(tables.deliveries.c.due_at.is_not(None)),
        select(tables.cases.c.pk).where(tables.cases.c.last_alert_at.is_(None)),
    )
    with store.reading() as connection:
        return any(connection.execute(query.limit(1)).first() for query in owed)


def _add_council(store: Store, number: int, port: int, people: int) -> None:
    feed = add_feed(store, "council", code_of(number), f"Council {number}")
    route = "mailto://127.0.0.1:{}?from=alerts@pullcord.example&to=desk{}@council{}.example&mode=insecure"
    contacts = tuple(
        Contact(person=f"desk {one} of {number}", channel="route", address=route.format(port, one, number))
        for one in range(people)
    )
    policy = CouncilPolicy(
        tiers=(Tier(label="duty", from_days=90, contacts=contacts),), grouping_seconds=0, **EVERY_MOMENT
    )
    set_policy(store, feed, policy, by="Benchmark")
    for contact in contacts:
        with store.writing() as connection:
            code = ask_code(UnitOfWork(connection, store, store.now()), feed, contact, "benchmark")
        verify_contact(store, feed, contact, code, "benchmark")


def _receive(store: Store, trial: Trial) -> None:
    today, total = datetime.now(UTC).date(), len(trial.ports) * trial.cases
    for council in range(len(trial.ports)):
        homes = range(council * trial.cases, (council + 1) * trial.cases)
        entries = [{"entry_id": f"e{home}", "cli": f"01632 {home:06}"} for home in homes]
        _post(store, f"council:{code_of(council)}", RecordKind.ENTRY, entries)
    notices = [
        {
            "id": f"n{home}",
            "cli": f"01632 {home:06}",
            "planned_migration_date": str(today + timedelta(days=20 + home % 28)),
        }
        for home in range(total)
    ]
    _post(store, PROVIDER, RecordKind.NOTICE, notices)


def _post(store: Store, feed: str, kind: RecordKind, rows: Sequence[dict[str, str]]) -> None:
    member = "entries" if kind is RecordKind.ENTRY else "notices"
    for start in range(0, len(rows), ROWS):
        body = json.dumps({member: rows[start : start + ROWS]}).encode()
        accept(store, Origin(feed, kind, "bench", bytes(32)), raw_rows(read_json_rows(body, JSON, member, ROWS)))
