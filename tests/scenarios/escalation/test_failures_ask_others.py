from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from schemas.codes import CaseEvent
from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.delivery.delivery import DeliveryState
from services.alerts.message.message import Message
from services.alerts.policy.policy import CouncilPolicy, Tier
from services.core.audit import AuditAction
from services.storage.tables import audit, deliveries
from tests.scenarios.escalation.three_tiers import OPERATOR, lines, pass_time, person, three_tiers, who
from tests.support.deployment import Deployment
from tests.support.ledger import cases_by_entry, rows
from tests.support.one_line import ENTRY, notice
from tests.support.people import acknowledge_last, confirm_safe, record

REFUSED = SendResult(SendOutcome.FAILED_PERMANENT, "no such mailbox")
AWAY = SendResult(SendOutcome.FAILED_TEMPORARY, "server away")
UNKNOWN = SendResult(SendOutcome.IN_DOUBT, "no answer")


@pytest.fixture
def council(deployment: Deployment) -> Deployment:
    deployment.with_officers(three_tiers())
    deployment.put_entries(ENTRY)
    return deployment


def test_a_permanent_failure_moves_on_at_once(council: Deployment) -> None:
    council.channel.results = [REFUSED]
    council.post_notices(notice(in_days=20))
    council.tick(seconds=31)
    council.tick(seconds=1)
    assert who(council) == ["manager"]
    assert len([row for row in rows(council, audit) if row.action == AuditAction.NOBODY_COULD_BE_TOLD]) == 1


def test_each_further_failure_moves_on_to_the_next_and_in_the_end_to_the_operator(council: Deployment) -> None:
    council.channel.results = [REFUSED, REFUSED, REFUSED]
    council.post_notices(notice(in_days=20))
    council.tick(seconds=31)
    for _ in range(3):
        council.tick(seconds=1)
    assert who(council) == [OPERATOR]


@pytest.mark.parametrize(("in_days", "minutes"), [(20, 60), (2, 5)])
@pytest.mark.parametrize("failure", [AWAY, UNKNOWN])
def test_a_failure_that_may_pass_moves_on_in_time(
    council: Deployment, in_days: int, minutes: int, failure: SendResult
) -> None:
    # Within a week of the harm the date asks the managers too.
    away = ("officer", "manager") if in_days < 7 else ("officer",)
    _unreachable(council, {person(one).address.get_secret_value() for one in away}, failure)
    council.post_notices(notice(in_days=in_days))
    council.tick(seconds=31)
    known = set(who(council))
    council.tick(minutes=minutes - 1)
    assert set(who(council)) == known
    council.tick(minutes=1)
    council.tick(seconds=30)
    assert len(set(who(council)) - known) == 1


def test_nobody_else_is_asked_if_a_colleague_in_the_tier_was_reached(deployment: Deployment) -> None:
    tiers = (
        Tier(label="officers", from_days=56, contacts=(person("officer"), person("colleague"))),
        Tier(label="managers", from_days=7, contacts=(person("manager"),)),
    )
    deployment.with_officers(CouncilPolicy(tiers=tiers))
    deployment.put_entries(ENTRY)
    deployment.channel.results = [REFUSED]
    deployment.post_notices(notice(in_days=20))
    deployment.tick(seconds=31)
    pass_time(deployment, minutes=120)
    assert who(deployment) == ["colleague"]


def test_nobody_else_is_asked_about_a_case_that_is_safe_by_then(council: Deployment) -> None:
    _unreachable(council, {person("officer").address.get_secret_value()}, AWAY)
    council.post_notices(notice(in_days=20))
    council.tick(seconds=31)
    confirm_safe(council)
    pass_time(council, minutes=180)
    assert who(council) == []


def test_the_officer_still_gets_the_message_when_the_channel_returns(council: Deployment) -> None:
    gone = {person("officer").address.get_secret_value()}
    _unreachable(council, gone, AWAY)
    council.post_notices(notice(in_days=20))
    council.tick(seconds=31)
    pass_time(council, minutes=90)
    assert who(council) == ["manager"]
    gone.clear()
    council.tick(minutes=2)
    assert who(council) == ["manager", "officer"]


def test_the_reminder_of_the_harmful_day_does_not_wait_for_a_failing_message_to_the_next_level(
    council: Deployment,
) -> None:
    gone = {person(one).address.get_secret_value() for one in ("head", OPERATOR)}
    _unreachable(council, gone, UNKNOWN)
    council.post_notices(notice(in_days=1))
    council.tick(seconds=31)
    # At noon the heads are asked, and then the operator. Neither has the message at nine on the next morning.
    pass_time(council, minutes=23 * 60)
    assert who(council) == ["officer", "manager"] * 2


def test_somebody_asked_in_place_of_others_does_not_wait_for_the_next_working_day(deployment: Deployment) -> None:
    officers = Tier(label="officers", from_days=56, contacts=(person("officer"),))
    managers = Tier(label="managers", from_days=56, contacts=(person("manager"),))
    council = deployment.with_officers(CouncilPolicy(tiers=(officers, managers)))
    council.put_entries(*lines(2))
    council.channel.results = [REFUSED]
    first, second = (notice(f"n{n}", in_days=20) | {"cli": f"01632 96000{n}"} for n in range(2))
    council.post_notices(first)
    council.tick(seconds=31)
    council.tick(seconds=1)
    assert who(council) == ["manager"]
    _unreachable(council, {person("officer").address.get_secret_value()}, AWAY)
    council.post_notices(second)
    # The manager has had a message today, so the second one waits for tomorrow. The officers are away.
    pass_time(council, minutes=150)
    assert who(council) == ["manager", "manager"]


def test_an_act_whose_pause_ended_before_the_message_keeps_nobody_else_from_being_asked(deployment: Deployment) -> None:
    council = deployment.with_officers(
        three_tiers(acknowledgement_hours=5, urgent_acknowledgement_hours=4, acknowledgement_min_hours=2)
    )
    council.put_entries(*lines(2))
    friday = datetime(2026, 11, 27, 10, tzinfo=UTC)
    council.clock.set(friday)
    first, second = (notice(f"n{n}", in_days=34) | {"cli": f"01632 96000{n}"} for n in range(2))
    council.post_notices(first)
    council.tick(seconds=31)
    council.post_notices(second)
    # The officer has had a message, so this one waits for Monday. On Sunday somebody acts, for five hours.
    council.tick(hours=1)
    council.tick(hours=44)
    record(council, CaseEvent.CONTACT_RESIDENT, "e1", method="call")
    _unreachable(council, {person("officer").address.get_secret_value()}, UNKNOWN)
    pass_time(council, minutes=30 * 60, step=30)
    assert who(council) == ["officer", "manager"]


@pytest.mark.parametrize(("in_days", "within"), [(1, 16), (20, 61)])
def test_a_message_that_everybody_refuses_for_good_goes_out_soon_after_the_mail_works_again(
    council: Deployment, in_days: int, within: int
) -> None:
    everybody = {person(one).address.get_secret_value() for one in ("officer", "manager", "head", OPERATOR)}
    accept = council.channel.send
    _unreachable(council, everybody, REFUSED)
    council.post_notices(notice(in_days=in_days))
    council.tick(seconds=31)
    pass_time(council, minutes=180)
    assert who(council) == []
    council.channel.send = accept  # type: ignore[method-assign]
    pass_time(council, minutes=within + 9)
    assert who(council)
    assert cases_by_entry(council)["e1"].last_alert_at is not None


@pytest.mark.parametrize("seed", range(6))
def test_whichever_contacts_fail_the_nearest_that_works_has_the_message_within_the_steps(
    council: Deployment, seed: int
) -> None:
    dice = random.Random(seed)
    people = ["officer", "manager", "head"]
    broken = set(dice.sample(people, dice.randint(1, 3)))
    in_days = dice.choice((1, 6, 20, 40))
    _unreachable(council, {person(one).address.get_secret_value() for one in broken}, dice.choice((AWAY, REFUSED)))
    council.post_notices(notice(in_days=in_days))
    began = council.clock.now()
    council.tick(seconds=31)
    step = timedelta(minutes=5 if in_days <= 2 else 60)
    while not who(council):
        council.tick(minutes=5)
        assert council.clock.now() - began <= 4 * step + timedelta(minutes=6)
    assert cases_by_entry(council)["e1"].last_alert_at is not None
    assert not {one.contact for one in rows(council, deliveries) if one.state == DeliveryState.SENT} & broken


def _unreachable(deployment: Deployment, routes: set[str], failure: SendResult) -> None:
    accept = deployment.channel.send

    def send(route: str, message: Message, reference: str) -> SendResult:
        return failure if route in routes else accept(route, message, reference)

    deployment.channel.send = send  # type: ignore[method-assign]


def test_a_message_of_the_moment_at_which_a_pause_ends_moves_on_too(council: Deployment) -> None:
    council.post_notices(notice(in_days=20))
    council.tick(seconds=31)
    acknowledge_last(council)
    paused_until = cases_by_entry(council)["e1"].paused_until
    assert paused_until is not None
    council.channel.results = [REFUSED]
    council.clock.set(paused_until)
    council.tick(seconds=0)
    council.tick(seconds=1)
    assert who(council) == ["officer", "manager"]
