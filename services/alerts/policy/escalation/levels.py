"""Each tier with a contact has a level. Level 1 is the tier with the highest `from_days`."""

from schemas.codes import CaseState
from services.alerts.policy.policy_settings import CouncilPolicy, Tier
from services.alerts.states.machine_states import URGENT


def reachable_tiers(policy: CouncilPolicy) -> tuple[Tier, ...]:
    return tuple(sorted((tier for tier in policy.tiers if tier.contacts), key=lambda tier: -tier.from_days))


def operator_level(policy: CouncilPolicy) -> int:
    # The operator is asked after the last tier.
    return len(reachable_tiers(policy)) + 1


def level_by_date(policy: CouncilPolicy, threshold: int, state: CaseState) -> int:
    """Return the highest level that gets messages at this threshold, or 0 if no tier has a contact."""
    tiers = reachable_tiers(policy)
    # In an urgent state all tiers get the message: the line was moved or restricted while the resident was not safe.
    if state in URGENT or not tiers:
        return len(tiers)
    from_days = min(threshold, tiers[0].from_days)
    return sum(1 for tier in tiers if tier.from_days >= from_days)


def level_asked(policy: CouncilPolicy, tier: str, person: str) -> int:
    """Return the lowest level with this tier label or this person, or 0 if there is none."""
    tiers = enumerate(reachable_tiers(policy), start=1)
    # A person in several tiers is asked with the first of them.
    found = (level for level, one in tiers if one.label == tier or person in {who.person for who in one.contacts})
    # If the operator was asked, there is no such tier.
    return min(found, default=0)


def tiers_between(policy: CouncilPolicy, first: int, last: int) -> tuple[Tier, ...]:
    # The level of the operator has no tier.
    return reachable_tiers(policy)[first - 1 : last]
