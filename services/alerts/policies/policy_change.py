from __future__ import annotations

from typing import Final, NamedTuple

from services.alerts.case.changed_times import ChangedTimes, changed_times
from services.alerts.delivery.contacts.removal import apply_policy
from services.alerts.policy.councils import Council, set_policy
from services.alerts.policy.policy import CouncilPolicy
from services.alerts.states.rules import Ruleset
from services.core.errors import RefusedError
from services.storage.store import Store

NOBODY_IS_TOLD: Final = (
    "no tier has a contact, and the operator of Pullcord has no contact either: add a contact to a tier, or have the "
    "operator set PULLCORD_FALLBACK_ROUTES"
)


class PolicyChange(NamedTuple):
    council: Council
    policy: CouncilPolicy
    by: str
    # The number of delayed cases that a person has confirmed.
    confirmed: int | None = None
    # True if the operator of Pullcord has a contact, who gets the messages that reach nobody else.
    has_fallback: bool = True


class ChangedPolicy(NamedTuple):
    version: int
    # The number of open cases that are now reviewed at another time.
    touched: int


class NobodyIsToldError(RefusedError):
    """Under this policy, nobody would get any message."""


class CasesLaterError(RefusedError):
    """The policy would delay messages about open cases, and nobody has confirmed the number of cases."""

    def __init__(self, times: ChangedTimes, confirmed: int | None) -> None:
        later = f"{times.later:,} open case{'' if times.later == 1 else 's'}"
        # An exact number shows that the person has seen the newest one.
        other = "" if confirmed is None else f", and not about {confirmed:,}"
        super().__init__(
            f"nothing is changed: the next message about {later} would come later than under the stored policy{other}"
        )
        self.later = times.later
        self.sooner = times.sooner


def change_policy(store: Store, ruleset: Ruleset, change: PolicyChange) -> ChangedPolicy:
    """Raises NobodyIsToldError, CasesLaterError or PolicyMovedError."""
    council, policy = change.council, change.policy
    if not change.has_fallback and not any(tier.contacts for tier in policy.tiers):
        raise NobodyIsToldError(NOBODY_IS_TOLD)
    times = changed_times(store, ruleset, council, policy)
    if times.later and times.later != change.confirmed:
        raise CasesLaterError(times, change.confirmed)
    # The number holds for the policy that was read, so no other may have come between.
    version = set_policy(store, council.feed_id, policy, change.by, replaces=council.version)
    return ChangedPolicy(version, apply_policy(store, ruleset, council.feed_id))
