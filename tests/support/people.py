from __future__ import annotations

from typing import Any

from schemas.codes import CaseEvent, MatchDecision
from services.alerts.case.acts import Acknowledged, acknowledge, act, read_record
from services.alerts.review.case import Case
from services.matcher.decisions import MatchId, decide_match
from tests.support.deployment import Deployment
from tests.support.ledger import cases_by_entry, match_id

OFFICER = "Asha Patel"


def record(deployment: Deployment, event: CaseEvent, entry: str = "e1", **values: Any) -> Case:
    case = cases_by_entry(deployment)[entry]
    return act(deployment.store, case.reference, event, read_record(event, {"by": OFFICER, **values}), None)


def acknowledge_last(deployment: Deployment) -> Acknowledged:
    # A mail's reference is `<alert>.<delivery>`.
    alert = deployment.mails()[-1].reference.partition(".")[0]
    return acknowledge(deployment.store, alert, read_record(CaseEvent.ACKNOWLEDGE, {"by": OFFICER}))


def confirm_safe(deployment: Deployment, entry: str = "e1") -> Case:
    return record(deployment, CaseEvent.CONFIRM_SAFE, entry, party="provider", evidence="digital unit proved")


def pass_post_check(deployment: Deployment, entry: str = "e1") -> Case:
    at = deployment.clock.now().isoformat()
    return record(deployment, CaseEvent.PASS_POST_CHECK, entry, arc_name="Fylde ARC", at=at, tested_by=OFFICER)


def confirm_hold(deployment: Deployment, ends_on: str, entry: str = "e1") -> Case:
    return record(deployment, CaseEvent.CONFIRM_HOLD, entry, provider_reference="HLD-1", ends_on=ends_on)


def reject(deployment: Deployment, notice: str = "n1", entry: str = "e1") -> None:
    _decide(deployment, notice, entry, MatchDecision.REJECTED)


def confirm(deployment: Deployment, notice: str = "n1", entry: str = "e1") -> None:
    _decide(deployment, notice, entry, MatchDecision.CONFIRMED)


def _decide(deployment: Deployment, notice: str, entry: str, decision: MatchDecision) -> None:
    match = MatchId(*match_id(deployment, notice, entry))
    decide_match(deployment.store, match, decision, OFFICER, "seen at the visit")
