from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from services.storage.tables import cases, deliveries
from services.watchdog.findings import FaultKind
from services.watchdog.look import look
from tests.support.deployment import Deployment


def found(deployment: Deployment) -> dict[FaultKind, int]:
    return dict(look(deployment.store.engine, deployment.clock.now()).by_kind())


def kinds(deployment: Deployment) -> set[FaultKind]:
    return set(found(deployment))


def run_for(deployment: Deployment, **by: float) -> None:
    end = deployment.clock.now() + timedelta(**by)
    deployment.tick(seconds=0)
    while (due := _next_due(deployment)) is not None and due <= end:
        deployment.clock.set(max(due, deployment.clock.now() + timedelta(seconds=1)))
        deployment.tick(seconds=0)
    if end > deployment.clock.now():
        deployment.clock.set(end)
    deployment.tick(seconds=0)


def _next_due(deployment: Deployment) -> datetime | None:
    with deployment.store.reading() as connection:
        moments = [connection.scalar(select(func.min(table.c.due_at))) for table in (cases, deliveries)]
    return min((moment for moment in moments if moment is not None), default=None)


def by_sql(deployment: Deployment, *statements: str) -> int:
    """Run the statements, and return the number of changed rows."""
    # Constraints are switched off.
    with deployment.store.engine.connect() as connection:
        # The driver's own connection, because a statement of ours would begin a transaction.
        raw = connection.connection.driver_connection
        assert raw is not None
        connection.rollback()
        raw.execute("PRAGMA ignore_check_constraints = ON")
        raw.execute("PRAGMA foreign_keys = OFF")
        changed: int = sum(max(0, raw.execute(statement).rowcount) for statement in statements)
        raw.execute("PRAGMA ignore_check_constraints = OFF")
        raw.execute("PRAGMA foreign_keys = ON")
    return changed
