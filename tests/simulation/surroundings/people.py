from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from schemas.codes import CaseEvent
from services.alerts.case.acts import acknowledge, act, read_record
from services.alerts.review.case import Case
from services.core.errors import PullcordError
from services.storage.store import Store
from tests.simulation.surroundings.plan import Temper

OFFICER = "Asha Patel"


@dataclass(frozen=True, slots=True)
class Answer:
    # Seconds after the message arrived.
    after: float
    event: CaseEvent
    case: str  # a reference; empty for an acknowledgement of all cases of the alert


@dataclass(frozen=True, slots=True)
class Done:
    case: str
    event: CaseEvent
    refused: bool = False
    until: str | None = None  # the last day of a hold


_SENSIBLE = (
    CaseEvent.ACKNOWLEDGE,
    CaseEvent.ACKNOWLEDGE,
    CaseEvent.CONTACT_RESIDENT,
    CaseEvent.BOOK_VISIT,
    CaseEvent.PASS_TEST,
    CaseEvent.CONFIRM_SAFE,
    CaseEvent.CONFIRM_HOLD,
    CaseEvent.PASS_POST_CHECK,
)
_WRONG = (*_SENSIBLE, CaseEvent.CLOSE, CaseEvent.REJECT_MATCH, CaseEvent.FAIL_TEST)


def answers(temper: Temper, reference: str, cases: list[str], seed: int) -> Iterator[Answer]:
    dice = Random(f"{seed} officer {reference}")
    if temper is Temper.ABSENT or dice.random() < 0.6:
        return
    hours = dice.uniform(0.05, 1.5) if temper is not Temper.SLOW else dice.uniform(6, 96)
    event = dice.choice(_WRONG if temper is Temper.WRONG else _SENSIBLE)
    yield Answer(hours * 3_600, event, "" if event is CaseEvent.ACKNOWLEDGE or not cases else dice.choice(cases))


def carry_out(store: Store, alert: str, answer: Answer, now: datetime, dice: Random) -> list[Done]:
    """Carry out an officer's answer to an alert, and return each act. A refused act changes nothing."""
    try:
        if not answer.case:
            found = acknowledge(store, alert, read_record(CaseEvent.ACKNOWLEDGE, {"by": OFFICER}))
            return [Done(case.reference, CaseEvent.ACKNOWLEDGE) for case in found.cases]
        values = _values(answer.event, now, dice)
        changed: Case = act(store, answer.case, answer.event, read_record(answer.event, values), None)
    except PullcordError:
        return [Done(answer.case or alert, answer.event, refused=True)]
    return [Done(changed.reference, answer.event, until=values.get("ends_on"))]


def _values(event: CaseEvent, now: datetime, dice: Random) -> dict[str, Any]:
    day = now.date() + timedelta(days=dice.randrange(-1, 12))
    tested = {"arc_name": "Fylde ARC", "at": now.isoformat(), "tested_by": OFFICER}
    more: dict[CaseEvent, dict[str, Any]] = {
        CaseEvent.CONTACT_RESIDENT: {"method": "call"},
        CaseEvent.BOOK_VISIT: {"visit_on": str(day)},
        CaseEvent.PASS_TEST: tested,
        CaseEvent.FAIL_TEST: tested,
        CaseEvent.PASS_POST_CHECK: tested,
        CaseEvent.CONFIRM_SAFE: {"party": "provider", "evidence": "digital unit proved"},
        CaseEvent.CONFIRM_HOLD: {"provider_reference": "HLD-1", "ends_on": str(day)},
        CaseEvent.REJECT_MATCH: {"evidence": "another home"},
    }
    return {"by": OFFICER, **more.get(event, {})}
