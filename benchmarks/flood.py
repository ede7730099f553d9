"""Measures the delay of an alert during a flood of notices for another council.

    python -m benchmarks.flood [--homes 300] [--notices 1000]

The row "alone" shows the delay without a flood.
"""
# The time begins with the commit of the watched notice, right after the flood.

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from threading import Event
from time import perf_counter

from rich.console import Console
from rich.table import Table as RichTable
from sqlalchemy import func, select

from benchmarks.distributed.environment.furnishing import EVERY_MOMENT
from benchmarks.distributed.environment.processes import until
from services.alerts.delivery.channels.port import ACCEPTED, SendResult
from services.alerts.message.message import Message
from services.alerts.policy.councils import set_policy
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.ingest.reading.drafts import RecordKind
from services.ingest.recording.service import accept
from services.ingest.recording.submission import Origin
from services.ingest.requests import raw_rows
from services.runtime.bootstrap import make_parts, make_store
from services.runtime.embedded.runner import EmbeddedRunner
from services.runtime.maintenance.keyring import new_keyring, write_keyring
from services.runtime.settings import Settings
from services.storage import tables
from services.storage.events.outbox import count_unpublished
from services.storage.feeds import add_feed
from services.storage.migrate import upgrade
from services.storage.store import Store
from services.web.bodies import JSON, read_json_rows

FLOODED, OTHER = "council:E06000009", "council:E07000128"
FLOODING, HONEST = "provider:RAVN", "provider:HRBR"
PATIENCE = 600.0


@dataclass
class Watched:
    """A channel that notes the time of the first message to the council that the flood spares."""

    left: Event = field(default_factory=Event)
    at: float = 0.0

    def send(self, route: str, _message: Message, _reference: str) -> SendResult:
        if "other" in route and not self.left.is_set():
            self.at = perf_counter()
            self.left.set()
        return ACCEPTED


def seconds_until_the_alert(folder: Path, homes: int, notices: int) -> tuple[float, float, int]:
    """Return the seconds to post the flood, the seconds until the alert, and the number of matches."""
    settings = Settings(data_dir=folder, public_url="http://127.0.0.1", poll_seconds=0.2)
    write_keyring(settings.keys_path, new_keyring())
    store, watched = make_store(settings), Watched()
    upgrade(store.engine)
    _two_councils(store, homes)
    parts = make_parts(settings, store, channel=watched)
    # The policies are new, so the first step of the engine recomputes all cases.
    parts.engine.run_due()
    runner = EmbeddedRunner(parts)
    runner.start()
    # The registers are matched before the clock starts.
    until(lambda: _handled_all(store), PATIENCE, "the matching of the registers")
    flood = perf_counter()
    if notices:
        _post(store, FLOODING, RecordKind.NOTICE, [_area(number) for number in range(notices)])
    runner.wake()
    began = perf_counter()
    _post(store, HONEST, RecordKind.NOTICE, [_line()])
    runner.wake()
    watched.left.wait(PATIENCE)
    with store.reading() as connection:
        matched = connection.scalar(select(func.count()).select_from(tables.matches)) or 0
    runner.stop()
    store.engine.dispose()
    return began - flood, watched.at - began, matched


def _two_councils(store: Store, homes: int) -> None:
    for feed, name in ((FLOODED, "Blackpool"), (OTHER, "Wyre")):
        add_feed(store, "council", feed.partition(":")[2], name)
    for feed in (FLOODING, HONEST):
        add_feed(store, "provider", feed.partition(":")[2], feed)
    for feed, route in ((FLOODED, "mailto://flooded.example"), (OTHER, "mailto://other.example")):
        desk = Contact(person="duty desk", channel="route", address=route)
        policy = CouncilPolicy(
            tiers=(Tier(label="duty", from_days=90, contacts=(desk,)),), grouping_seconds=0, **EVERY_MOMENT
        )
        set_policy(store, feed, policy, by="Benchmark")
    rows: list[dict[str, object]] = [
        {"entry_id": f"e{number}", "postcode": "FY3 8AB", "address_lines": [f"{number} High Street"]}
        for number in range(1, homes + 1)
    ]
    _post(store, FLOODED, RecordKind.ENTRY, rows)
    _post(store, OTHER, RecordKind.ENTRY, [{"entry_id": "w1", "cli": "01632 960001"}])


def _area(number: int) -> dict[str, object]:
    day = date.today() + timedelta(days=10 + number % 300)  # noqa: DTZ011 - any day ahead will do
    return {"id": f"a{number}", "scope": "postcode", "area_codes": ["FY3"], "planned_migration_date": str(day)}


def _line() -> dict[str, object]:
    today = date.today()  # noqa: DTZ011 - an urgent notice is not held back at night
    return {"id": "n1", "cli": "01632 960001", "planned_migration_date": str(today)}


def _post(store: Store, feed: str, kind: RecordKind, rows: list[dict[str, object]]) -> None:
    member = "entries" if kind is RecordKind.ENTRY else "notices"
    body = json.dumps({member: rows}).encode()
    accept(store, Origin(feed, kind, "bench", bytes(32)), raw_rows(read_json_rows(body, JSON, member, 10_000)))


def _handled_all(store: Store) -> bool:
    with store.reading() as connection:
        return not count_unpublished(connection)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--homes", type=int, default=300)
    parser.add_argument("--notices", type=int, default=1_000)
    asked = parser.parse_args()
    shown = RichTable("", "seconds of the flood's request", "seconds until the alert", "matches by then")
    for name, notices in (("alone", 0), (f"{asked.notices:,} notices on one district", asked.notices)):
        with tempfile.TemporaryDirectory() as folder:
            request, alert, matched = seconds_until_the_alert(Path(folder), asked.homes, notices)
        shown.add_row(name, f"{request:.1f}", f"{alert:.1f}", f"{matched:,}")
    Console().print(shown)


if __name__ == "__main__":
    main()
