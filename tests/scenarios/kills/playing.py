from __future__ import annotations

import json
import shutil
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from services.alerts.case.due_check import due_differences
from services.alerts.review.owed import LOOK_AGAIN
from services.audit.check import audit_differences
from services.storage.database.engine import make_engine
from services.storage.migrate import upgrade
from services.storage.tables import alert_cases, deliveries, delivery_attempts, matches, submissions
from tests.scenarios.kills.commits import Commits, Kill
from tests.scenarios.kills.service import Service
from tests.scenarios.kills.story import NAMES, begins_at, play, prepare
from tests.support.ledger import cases_by_entry, count, rows

# Longer than an attempt without an outcome waits.
RESTARTED_AFTER = timedelta(seconds=150)


def play_all(folder: Path, snapshots: Path) -> None:
    upgrade(make_engine(f"sqlite:///{folder / 'pullcord.db'}"))
    commits = Commits()
    service = Service(folder, commits, begins_at(NAMES[0]), is_new=True)
    prepare(service)
    for name in NAMES:
        _keep(service, folder, snapshots / name)
        commits.step = name
        service.begin(begins_at(name))
        play(service, name)
    (snapshots / "seen.json").write_text(json.dumps({name: commits.seen.get(name, []) for name in NAMES}))


def play_step(folder: Path, name: str, kill: Kill | None, result: Path | None, *, again: bool) -> None:
    """`again` is true if the first try of the step was killed."""
    commits = Commits(kill)
    service = Service(folder, commits, begins_at(name))
    commits.step = name
    if not again:
        service.begin(begins_at(name))
    else:
        service.clock.advance(seconds=RESTARTED_AFTER.total_seconds())
        service.work()
    play(service, name)
    if result is not None:
        _finish(service)
        result.write_text(json.dumps(_facts(service)))


def _keep(service: Service, folder: Path, target: Path) -> None:
    # SQLite folds its log into the file when the last connection is closed.
    service.store.engine.dispose()
    shutil.copytree(folder, target)


def _finish(service: Service) -> None:
    for seconds in (31, 150, 300):
        service.clock.advance(seconds=seconds)
        service.work()


def _facts(service: Service) -> dict[str, Any]:
    cases = cases_by_entry(service)
    now = service.clock.now()
    with service.store.reading() as connection:
        checks = (audit_differences, due_differences)
        wrong = [one.what for check in checks for one in check(connection, service.store)]
        receipts = connection.scalar(select(func.count()).select_from(submissions))
    return {
        "wrong": wrong,
        "receipts": receipts,
        "matches": count(service, matches, matches.c.live),
        "states": {entry: case.state.value for entry, case in sorted(cases.items())},
        "forgotten": [
            entry
            for entry, case in cases.items()
            if not case.ended and (case.due_at is None or case.due_at > now + LOOK_AGAIN)
        ],
        "stuck": [
            (row.pk, row.state) for row in rows(service, deliveries) if row.due_at is not None and row.due_at <= now
        ],
        "told": _told(service, {case.pk: entry for entry, case in cases.items()}),
        "repeated": _repeated(service),
    }


def _told(service: Service, entries: dict[int, str]) -> dict[str, int]:
    query = (
        select(deliveries.c.contact, alert_cases.c.case_pk)
        .join_from(deliveries, alert_cases, alert_cases.c.alert_pk == deliveries.c.alert_pk)
        .where(deliveries.c.state == "sent")
    )
    with service.store.reading() as connection:
        return Counter(f"{row.contact} of {entries[row.case_pk]}" for row in connection.execute(query))


def _repeated(service: Service) -> dict[str, tuple[int, int]]:
    """Map each message that was sent several times to the number of sends and the number of attempts in doubt."""
    attempts = rows(service, delivery_attempts, delivery_attempts.c.outcome == "in_doubt")
    doubted = Counter(str(row.delivery_pk) for row in attempts)
    times = Counter(reference for reference, _ in service.sent())
    return {one: (number, doubted[one.rpartition(".")[2]]) for one, number in times.items() if number > 1}
