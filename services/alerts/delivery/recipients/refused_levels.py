from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from services.alerts.case.store.cases import free_cases, save_cases
from services.alerts.delivery.delivery import OPERATOR_TIER
from services.alerts.delivery.store.alerts import Alert
from services.alerts.delivery.store.earlier import accepted_beside
from services.alerts.delivery.store.recipients import DeliveryOfTier
from services.alerts.policy.escalation.levels import operator_level, reachable_tiers
from services.alerts.policy.policy_settings import CouncilPolicy
from services.storage.unit_of_work import UnitOfWork


def take_back_refused(
    work: UnitOfWork,
    alert: Alert,
    policy: CouncilPolicy,
    made: Sequence[DeliveryOfTier],
    reached: Collection[str],
    open_cases: Collection[int],
) -> bool:
    """Set `asked` of open cases back to the highest level with at least one message that was not refused.

    Return False if another worker has locked a case. The caller must then call again later.
    """
    levels = {tier: _level(policy, tier) for tier in {one.tier for one in made} | {*reached}}
    # A message that is still being tried may yet be accepted.
    left = {one.tier for one in made if not one.refused} | {*reached}
    level = max((levels[tier] for tier in left), default=0)
    highest = max(levels.values(), default=0)
    # The level is 0 if every message to every level was refused. Then nothing changes.
    if not 0 < level < highest:
        return True
    counted_at = accepted_beside(work.connection, alert, open_cases)
    if not counted_at:
        return True
    # Whoever counts an alert as accepted locks its cases first and then the alert. To wait for a case here could block
    # both.
    found = free_cases(work.connection, open_cases)
    counted = (one for one in found if (one.pk, one.last_alert_at) in counted_at and level < one.asked <= highest)
    # The engine reviews a case that is due, and computes its due time anew.
    save_cases(work.connection, [replace(one, asked=level, due_at=work.now) for one in counted])
    return len(found) == len(open_cases)


def _level(policy: CouncilPolicy, tier: str) -> int:
    levels = {one.label: number for number, one in enumerate(reachable_tiers(policy), start=1)}
    # A tier that the policy no longer has counts as the first.
    return operator_level(policy) if tier == OPERATOR_TIER else levels.get(tier, 1)
