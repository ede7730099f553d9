from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from services.storage.tables import alerts
from tests.support.deployment import Deployment
from tests.support.ledger import cases_by_entry, rows

NUMBER = "01632 960123"
ENTRY = {"entry_id": "e1", "cli": NUMBER, "updated_at": "2026-11-01T09:00:00Z"}
TODAY = date(2026, 11, 23)


def notice(name: str = "n1", *, issued: int = 1, in_days: int | None = 10, **more: Any) -> dict[str, Any]:
    """Return a notice of a move `in_days` days after `TODAY`. If `in_days` is None, the notice has no date."""
    # `issued` is a day of November 2026.
    planned = {} if in_days is None else {"planned_migration_date": str(TODAY + timedelta(days=in_days))}
    return {"id": name, "cli": NUMBER, "issued_at": f"2026-11-{issued:02}T09:00:00Z", **planned, **more}


def after_first_alert(deployment: Deployment) -> Deployment:
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice())
    deployment.tick(seconds=31)
    assert len(deployment.mails()) == 1
    return deployment


def state(deployment: Deployment) -> str:
    return cases_by_entry(deployment)["e1"].state.value


def last_alert(deployment: Deployment) -> tuple[int, str]:
    last = rows(deployment, alerts)[-1]
    return last.threshold, last.reason
