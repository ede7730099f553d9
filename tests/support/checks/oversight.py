from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from schemas.codes import CaseEvent
from services.audit.figures.counting import Counts
from services.audit.figures.figures import Figure
from services.audit.figures.months import Month, month_of
from services.audit.month_end import MonthEnd, month_to_date
from services.audit.store import kept
from services.runtime.bootstrap import UNSAFE
from services.storage.feeds import add_feed
from tests.support.deployment import Deployment
from tests.support.one_line import notice
from tests.support.people import acknowledge_last, confirm_safe, pass_post_check, record

RAVEN_NUMBER, OTHER_NUMBER, QUIET_NUMBER = "01632 960123", "01632 960124", "01632 960125"
HARBOUR = "provider:HBRT"
NOVEMBER, DECEMBER = Month(2026, 11), Month(2026, 12)


def at(day: str, clock: str = "10:00") -> datetime:
    # In winter the time in London is UTC.
    return datetime.fromisoformat(f"{day}T{clock}:00").replace(tzinfo=UTC)


def go_to(deployment: Deployment, moment: datetime) -> None:
    deployment.tick(seconds=(moment - deployment.clock.now()).total_seconds())


def close(deployment: Deployment) -> int:
    closer, closed = MonthEnd(deployment.store, UNSAFE), 0
    while closer.run_once():
        closed += 1
    return closed


def figures_of(deployment: Deployment, month: Month) -> Counts:
    with deployment.store.reading() as connection:
        return kept(connection, month)


def to_date(deployment: Deployment) -> Counts:
    now = deployment.clock.now()
    with deployment.store.reading() as connection:
        return month_to_date(connection, month_of(now), UNSAFE, now)


def counted(counts: Counts, figure: Figure) -> Mapping[str, int]:
    return {f"{table} {key}".strip(): number for (one, table, key), number in counts.items() if one == figure}


def live_through_november(deployment: Deployment) -> Deployment:
    add_feed(deployment.store, "provider", "HBRT", "Harbour Telecom")
    for number, name in ((RAVEN_NUMBER, "e1"), (OTHER_NUMBER, "e2"), (QUIET_NUMBER, "e3")):
        deployment.put_entries({"entry_id": name, "cli": number, "last_confirmed_at": "2026-11-01T09:00:00Z"})
    deployment.post_notices(notice("n1", issued=1, in_days=10, telecare_known=True))
    deployment.post_notices(notice("n2", issued=10, in_days=17, cli=OTHER_NUMBER))
    deployment.post_notices(notice("h1", issued=5, in_days=60), feed=HARBOUR)
    deployment.tick(seconds=61)
    acknowledge_last(deployment)
    go_to(deployment, at("2026-11-25"))
    confirm_safe(deployment, "e2")
    go_to(deployment, at("2026-11-28"))
    acknowledge_last(deployment)
    return deployment


def live_through_december(deployment: Deployment) -> Deployment:
    # A month is closed from ten past midnight, London time.
    go_to(deployment, at("2026-12-01", "00:11"))
    assert close(deployment) == 1
    go_to(deployment, at("2026-12-04"))
    deployment.post_notices(notice("n1", issued=30, in_days=10, status="completed"))
    go_to(deployment, at("2026-12-12"))
    pass_post_check(deployment, "e2")
    pass_post_check(deployment, "e2")
    record(deployment, CaseEvent.REQUEST_HOLD, "e1")
    go_to(deployment, at("2027-01-01", "00:11"))
    assert close(deployment) == 1
    return deployment
