from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from schemas.codes import CaseState
from services.alerts.review.case import Case
from services.alerts.states.machine import ENDED
from tests.support.deployment import BLACKPOOL, Deployment
from tests.support.ledger import cases_by_entry
from tests.support.one_line import TODAY

SIXTY = range(60)
# A tenth of sixty cases.
LIMIT = 6


def number(index: int) -> str:
    return f"01632 960{index:03}"


def entry(index: int, stamp: int = 1, **more: Any) -> dict[str, Any]:
    # Stamps are minutes apart, so that a test may send very many versions before its clock moves.
    return {
        "entry_id": f"e{index}",
        "cli": number(index),
        "updated_at": f"2026-11-01T09:{stamp:02}:00Z",
        **more,
    }


def day(in_days: int) -> str:
    return str(TODAY + timedelta(days=in_days))


def notice(index: int, stamp: int = 1, in_days: int = 10, **more: Any) -> dict[str, Any]:
    return {
        "id": f"n{index}",
        "cli": number(index),
        "issued_at": f"2026-11-01T09:{stamp:02}:00Z",
        "planned_migration_date": day(in_days),
        **more,
    }


def withdrawn(index: int, stamp: int = 2) -> dict[str, Any]:
    return notice(index, stamp, status="withdrawn")


def with_lines(deployment: Deployment, indices: Iterable[int] = SIXTY, feed: str = BLACKPOOL) -> Deployment:
    # The council gets its first message.
    known = list(indices)
    deployment.put_entries(*map(entry, known), feed=feed)
    deployment.post_notices(*(notice(index) for index in known))
    deployment.tick(seconds=31)
    return deployment


def ended(deployment: Deployment) -> set[str]:
    return {name for name, case in cases_by_entry(deployment).items() if case.state in ENDED}


def waiting(deployment: Deployment) -> set[str]:
    return {name for name, case in cases_by_entry(deployment).items() if case.changes_wait}


def delayed(deployment: Deployment, after: date) -> set[str]:
    found = cases_by_entry(deployment).items()
    return {name for name, case in found if case.harm_on is None or case.harm_on > after}


def touched(deployment: Deployment, in_days: int = 10) -> set[str]:
    return ended(deployment) | delayed(deployment, TODAY + timedelta(days=in_days))


def open_cases(deployment: Deployment) -> list[Case]:
    return [case for case in deployment.cases() if case.state is CaseState.OPEN]
