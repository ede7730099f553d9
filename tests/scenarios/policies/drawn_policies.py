from __future__ import annotations

import random
from datetime import time

from services.alerts.policy.policy import CouncilPolicy, Tier
from tests.scenarios.escalation.three_tiers import person

STAFF = ("officer", "manager", "head")


def drawn_policy(dice: random.Random) -> CouncilPolicy:
    thresholds = (*(days for days in (56, 28, 14, 7) if dice.random() < 0.7), 2, 0)
    # Repeats never grow rarer as the day comes nearer.
    repeats = sorted((dice.randint(1, 9) for _ in thresholds), reverse=True)
    tiers = tuple(
        Tier(label=f"{who}s", from_days=dice.choice((60, 20, 7, 0)), contacts=(person(who),))
        for who in dice.sample(STAFF, dice.randint(1, 3))
    )
    return CouncilPolicy(
        thresholds=thresholds,
        possible_thresholds=thresholds[1:],
        repeat_days=dict(zip(thresholds, repeats, strict=True)),
        tiers=tiers,
        near_days=dice.choice((7, 14, 28)),
        silence_near_days=dice.randint(1, 4),
        silence_urgent_minutes=dice.choice((15, 30, 240)),
        day_starts=dice.choice((time(8), time(9), time(11, 30))),
        quiet_from=dice.choice((time(18), time(22))),
        one_digest_a_day=dice.random() < 0.5,
    )
