from __future__ import annotations

from datetime import date

from services.alerts.policy.policy import CouncilPolicy
from services.core.days.closures import Closure
from services.core.days.working_days import Nation
from services.watchdog.calendar import CouncilCalendar
from services.watchdog.store.councils import council_calendars
from tests.support.deployment import BLACKPOOL, Deployment


def calendar(deployment: Deployment) -> CouncilCalendar:
    with deployment.store.reading() as connection:
        return council_calendars(connection)[BLACKPOOL]


def test_a_saved_policy_brings_its_closures_and_its_nation(deployment: Deployment) -> None:
    assert calendar(deployment) == CouncilCalendar(Nation.ENGLAND)
    christmas = Closure(label="Christmas", first=date(2026, 12, 24), last=date(2026, 12, 26))
    deployment.with_officers(CouncilPolicy(closures=(christmas,), nation=Nation.SCOTLAND))
    assert calendar(deployment) == CouncilCalendar(Nation.SCOTLAND, frozenset(christmas.days()))
    deployment.with_officers(CouncilPolicy())
    assert calendar(deployment) == CouncilCalendar(Nation.ENGLAND)
