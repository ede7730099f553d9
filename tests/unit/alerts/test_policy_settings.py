from __future__ import annotations

from datetime import date, time
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.codes import CaseState
from services.alerts.policy.escalation.levels import level_by_date, operator_level, tiers_between
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.core.texts import Closed

ROUTE = "mailtos://alerts:hunter2@mail.council.example?to=duty@council.example"
DUTY = Contact(person="Duty officer", channel="route", address=ROUTE)
MANAGER = Contact(person="Telecare manager", channel="route", address="json://pager.council.example/telecare")
TEAM = Tier(label="Telecare team", from_days=56, contacts=(DUTY,))
HEAD = Tier(label="Head of service", from_days=7, contacts=(MANAGER,))
POLICY = CouncilPolicy(tiers=(TEAM, HEAD))


def refusal(model: type[Closed] = CouncilPolicy, **fields: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        model(**fields)
    return str(refused.value)


def test_a_policy_as_it_comes_is_valid() -> None:
    assert CouncilPolicy().thresholds == (56, 28, 14, 7, 2, 0)
    assert CouncilPolicy().grouping_seconds <= 60


def test_a_stored_policy_reads_back_the_same_with_its_addresses() -> None:
    again = CouncilPolicy.model_validate_json(POLICY.stored())
    assert again == POLICY
    assert again.tiers[0].contacts[0].address.get_secret_value() == ROUTE


def test_an_address_is_shown_nowhere_else() -> None:
    shown = [repr(POLICY), str(POLICY), POLICY.model_dump_json(), str(POLICY.model_dump(mode="json"))]
    assert not [text for text in shown if "hunter2" in text]


def test_a_policy_that_was_shown_cannot_be_stored_by_mistake() -> None:
    with pytest.raises(ValidationError, match="address"):
        CouncilPolicy.model_validate_json(POLICY.model_dump_json())


@pytest.mark.parametrize("channel", ["email", "notify_sms", "slack", "mattermosts", "signal"])
def test_a_channel_is_one_that_pullcord_knows_or_the_scheme_of_a_service(channel: str) -> None:
    assert Contact(person="Duty officer", channel=channel, address="x").channel == channel


@pytest.mark.parametrize("channel", ["", "E-Mail", "a b", "mailto://hunter2", "1st", "x" * 31])
def test_what_is_no_channel_is_refused_and_not_repeated(channel: str) -> None:
    message = refusal(Contact, person="Duty officer", channel=channel, address="hunter2")
    assert "channel" in message
    assert "hunter2" not in message


@pytest.mark.parametrize("address", ["", "  ", "********"])
def test_an_address_is_neither_empty_nor_masked(address: str) -> None:
    assert "address" in refusal(Contact, person="Duty officer", channel="email", address=address)


def test_a_person_cannot_hold_a_telephone_number() -> None:
    assert "leave it out" in refusal(Contact, person="Jo 07700 900123", channel="route", address=ROUTE)


@pytest.mark.parametrize("thresholds", [(0, 2, 7), (56, 56, 0), (56, 28), (), (56, -1)])
def test_thresholds_go_down_to_the_harmful_day(thresholds: tuple[int, ...]) -> None:
    assert "thresholds" in refusal(thresholds=thresholds)


def test_a_threshold_of_possible_matches_is_one_of_the_thresholds() -> None:
    assert "possible_thresholds" in refusal(possible_thresholds=(21, 0))


@pytest.mark.parametrize(
    "repeats",
    [
        {56: 5, 28: 3, 14: 3, 7: 2, 2: 1},
        {56: 5, 28: 3, 14: 3, 7: 2, 2: 1, 0: 1, 1: 1},
        {56: 5, 28: 3, 14: 3, 7: 2, 2: 1, 0: 0},
        {56: 1, 28: 3, 14: 3, 7: 2, 2: 1, 0: 1},
    ],
)
def test_alerts_repeat_at_every_threshold_and_never_more_rarely_as_the_day_comes(repeats: dict[int, int]) -> None:
    assert "repeat_days" in refusal(repeat_days=repeats)


def test_an_urgent_state_repeats_at_least_as_often_as_the_harmful_day() -> None:
    assert "urgent_repeat_days" in refusal(urgent_repeat_days=2)


def test_quiet_hours_are_overridden_from_a_threshold() -> None:
    assert "quiet_override_days" in refusal(quiet_override_days=3)


def test_quiet_hours_are_local_times() -> None:
    assert "without a time zone" in refusal(quiet_from="22:00Z")
    assert CouncilPolicy(quiet_from=time(21, 30)).quiet_from == time(21, 30)


@pytest.mark.parametrize(
    "hours", [{"day_starts": time(6, 59)}, {"day_starts": time(22)}, {"quiet_from": time(8), "quiet_until": time(10)}]
)
def test_a_working_day_does_not_start_in_the_quiet_hours(hours: dict[str, Any]) -> None:
    assert "day_starts" in refusal(**hours)


@pytest.mark.parametrize("seconds", [-1, 61])
def test_no_first_alert_waits_more_than_a_minute_for_others(seconds: int) -> None:
    assert "grouping_seconds" in refusal(grouping_seconds=seconds)


@pytest.mark.parametrize(
    "hours",
    [
        {"acknowledgement_min_hours": 25},
        {"urgent_acknowledgement_hours": 3},
        {"acknowledgement_hours": 23},
        {"late_acknowledgement_hours": 25},
    ],
)
def test_the_bounds_of_a_pause_agree(hours: dict[str, Any]) -> None:
    assert "acknowledgement" in refusal(**hours)


def test_an_unknown_setting_is_refused() -> None:
    assert "volume" in refusal(volume=11)


def test_two_tiers_cannot_share_a_label() -> None:
    assert "label" in refusal(tiers=(TEAM, TEAM))


def tiers_at(policy: CouncilPolicy, threshold: int, state: CaseState = CaseState.OPEN) -> tuple[Tier, ...]:
    return tiers_between(policy, 1, level_by_date(policy, threshold, state))


def test_further_tiers_join_as_the_day_comes_nearer() -> None:
    assert tiers_at(POLICY, 14) == (TEAM,)
    assert tiers_at(POLICY, 7) == (TEAM, HEAD)
    assert tiers_at(POLICY, 0) == (TEAM, HEAD)


def test_an_urgent_state_is_told_to_every_tier() -> None:
    assert tiers_at(POLICY, 56, CaseState.LINE_RESTRICTED) == (TEAM, HEAD)


def test_a_tier_without_contacts_is_skipped_and_the_next_is_told_early() -> None:
    policy = CouncilPolicy(tiers=(Tier(label="Telecare team", from_days=56), HEAD))
    assert tiers_at(policy, 56) == (HEAD,)


@pytest.mark.parametrize("tiers", [(), (Tier(label="Telecare team", from_days=56),)])
def test_without_any_contact_nobody_of_the_council_can_be_told(tiers: tuple[Tier, ...]) -> None:
    policy = CouncilPolicy(tiers=tiers)
    assert tiers_at(policy, 0, CaseState.LINE_RESTRICTED) == ()
    assert operator_level(policy) == 1


def test_the_operator_comes_after_the_last_tier_whatever_the_order_in_the_policy() -> None:
    policy = CouncilPolicy(tiers=(HEAD, TEAM))
    assert tiers_between(policy, 1, 1) == (TEAM,)
    assert operator_level(policy) == 3
    assert tiers_between(policy, 3, 3) == ()


def test_a_policy_has_the_bank_holidays_of_its_nation_and_the_councils_own_closures() -> None:
    scots = CouncilPolicy(nation="scotland", closures=({"label": "Stocktaking", "first": "2026-12-07"},))
    assert CouncilPolicy().days.is_working(date(2026, 11, 30))
    assert not scots.days.is_working(date(2026, 11, 30))  # Saint Andrew's Day
    assert not scots.days.is_working(date(2026, 12, 7))


def test_a_person_has_one_address_of_a_channel_in_all_tiers() -> None:
    moved = Contact(person=DUTY.person, channel=DUTY.channel, address="mailto://other.example")
    other_channel = Contact(person=DUTY.person, channel="webhook", address="https://hook.example/x")
    for second, fits in ((DUTY, True), (other_channel, True), (moved, False)):
        tiers = (TEAM, Tier(label="Managers", from_days=7, contacts=(second, MANAGER)))
        if fits:
            assert CouncilPolicy(tiers=tiers).tiers == tiers
        else:
            assert "two addresses of the channel" in refusal(tiers=tiers)
