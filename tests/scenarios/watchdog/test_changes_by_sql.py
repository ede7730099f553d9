from __future__ import annotations

from random import Random

import pytest

from services.watchdog.findings import FaultKind
from tests.scenarios.watchdog.watching import by_sql, found, kinds, run_for
from tests.support.deployment import Deployment
from tests.support.one_line import ENTRY, notice
from tests.support.people import acknowledge_last, confirm_hold, confirm_safe, pass_post_check, reject

K = FaultKind
ALL_ENTRIES, ALL_NOTICES = "DELETE FROM entry_tokens", "DELETE FROM notice_tokens"
# A statement, and what is found at once.
CHANGES = {
    "never looked at again": ("UPDATE cases SET due_at = NULL", {K.NO_DUE_TIME}),
    "looked at years later": ("UPDATE cases SET due_at = due_at * 2", {K.REVIEW_PUT_OFF}),
    "paused for a year": ("UPDATE cases SET paused_until = opened_at + 31536000000000", {K.PAUSE_TOO_LONG}),
    "safe by hand": ("UPDATE cases SET state = 'confirmed_safe'", {K.SILENCED_WITHOUT_RECORD}),
    "on hold by hand": (
        "UPDATE cases SET state = 'hold_confirmed'",
        {K.SILENCED_WITHOUT_RECORD, K.HOLD_WITHOUT_END},
    ),
    "closed by hand": ("UPDATE cases SET state = 'closed'", {K.ENDED_AT_RISK}),
    "service ended by hand": ("UPDATE cases SET state = 'service_ended', due_at = NULL", {K.ENDED_AT_RISK}),
    "case gone": ("DELETE FROM cases", {K.CASE_MISSING}),
    "tokens of entries gone": (ALL_ENTRIES, {K.TOKENS_MISSING}),
    "tokens of notices gone": (ALL_NOTICES, {K.TOKENS_MISSING}),
    "match not live": ("UPDATE matches SET live = 0", {K.MATCH_ENDED}),
    "match not live, with a time": ("UPDATE matches SET live = 0, ended_at = found_at", {K.MATCH_ENDED}),
    "match gone": ("DELETE FROM matches", {K.MATCH_MISSING}),
    "notice not live": ("UPDATE notices SET live = 0", {K.NOTICE_ENDED}),
    "entry not live": ("UPDATE register_entries SET live = 0", {K.ENTRY_ENDED}),
    "attempts gone": ("DELETE FROM delivery_attempts", {K.NEVER_ACCEPTED, K.SENT_WITHOUT_ATTEMPT}),
    "alert without cases": ("DELETE FROM alert_cases", {K.NEVER_ACCEPTED}),
    "delivery never due": (
        "UPDATE deliveries SET state = 'intended', due_at = NULL",
        {K.DELIVERY_LATE},
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_by_hand_is_found(alerted: Deployment, change: str) -> None:
    statement, expected = CHANGES[change]
    assert by_sql(alerted, statement)
    assert kinds(alerted) >= expected


@pytest.mark.parametrize("change", ["match not live", "notice not live", "entry not live"])
def test_what_the_engine_makes_of_a_change_by_hand_does_not_hide_it(alerted: Deployment, change: str) -> None:
    statement, expected = CHANGES[change]
    by_sql(alerted, statement)
    # The engine reviews each case within a week.
    run_for(alerted, days=8)
    assert kinds(alerted) >= expected


@pytest.mark.parametrize("table", ["entry_tokens", "notice_tokens"])
@pytest.mark.parametrize("seed", range(3))
def test_the_loss_of_the_tokens_of_one_record_is_found_wherever_it_is(
    deployment: Deployment, table: str, seed: int
) -> None:
    dice, homes = Random(seed), {f"e{one}": f"01632 9602{one:02}" for one in range(12)}
    deployment.put_entries(*(ENTRY | {"entry_id": name, "cli": number} for name, number in homes.items()))
    # Half of the notices are about nobody's line yet.
    others = {f"x{one}": f"01632 9603{one:02}" for one in range(6)}
    numbers = list((homes | others).values())
    deployment.post_notices(*(notice(f"n{one}", cli=number, in_days=40) for one, number in enumerate(numbers)))
    deployment.settle()
    run_for(deployment, hours=2)
    assert found(deployment) == {}
    owner = "entry_pk" if table == "entry_tokens" else "notice_pk"
    offset = dice.randrange(len(homes) if owner == "entry_pk" else len(numbers))
    one = f"(SELECT {owner} FROM {table} ORDER BY {owner} LIMIT 1 OFFSET {offset})"
    assert by_sql(deployment, f"DELETE FROM {table} WHERE {owner} = {one}")
    assert K.TOKENS_MISSING in kinds(deployment)


def test_an_area_that_counts_no_more_is_found(deployment: Deployment) -> None:
    area = {"scope": "postcode", "area_codes": ["FY3 8"], "id": "a1", "issued_at": "2026-11-01T09:00:00Z"}
    deployment.post_notices(area)
    deployment.settle()
    run_for(deployment, hours=2)
    assert found(deployment) == {}
    by_sql(deployment, "UPDATE notices SET live = 0 WHERE area_facts IS NOT NULL")
    assert found(deployment) == {K.NOTICE_ENDED: 1}


def test_what_people_and_senders_did_is_no_finding(deployment: Deployment) -> None:
    homes = {f"e{one}": f"01632 9602{one:02}" for one in range(8)}
    deployment.put_entries(*(ENTRY | {"entry_id": name, "cli": number} for name, number in homes.items()))
    deployment.post_notices(*(notice(f"n{one}", cli=homes[f"e{one}"], in_days=3) for one in range(8)))
    deployment.settle()
    run_for(deployment, hours=1)
    acknowledge_last(deployment)
    reject(deployment, "n0", "e0")
    confirm_safe(deployment, "e1")
    confirm_hold(deployment, "2026-12-20", "e2")
    deployment.put_entries(
        ENTRY
        | {"entry_id": "e3", "cli": homes["e3"], "updated_at": "2026-11-23T10:00:00Z"}
        | {"service_status": "ended"}
    )
    deployment.put_entries(ENTRY | {"entry_id": "e4", "cli": "01632 960299", "updated_at": "2026-11-23T10:00:00Z"})
    deployment.post_notices(notice("n5", issued=22, in_days=3, cli=homes["e5"], status="withdrawn"))
    deployment.post_notices(notice("m6", issued=22, in_days=3, cli=homes["e6"], supersedes="n6"))
    deployment.post_notices(notice("n7", issued=22, in_days=3, cli=homes["e7"], status="completed"))
    deployment.settle()
    pass_post_check(deployment, "e7")
    for _ in range(30):
        run_for(deployment, days=1)
        assert found(deployment) == {}, deployment.clock.now()
