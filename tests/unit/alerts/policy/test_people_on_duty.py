from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.alerts.delivery.contacts.cover import first_addresses
from services.alerts.policy.on_duty import contacts_on_duty
from services.alerts.policy.policy_settings import Contact, CouncilPolicy, Tier
from services.alerts.policy.rota.rota_settings import DutyHours, RequiredCover, Rota, RotaLayer, RotaOverride

MONDAY_NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
NIGHT = datetime(2026, 12, 1, 2, tzinfo=UTC)
SUNDAY = datetime(2026, 12, 6, 12, tzinfo=UTC)
NEXT_WEEK = datetime(2026, 12, 7, 12, tzinfo=UTC)


def person(name: str, channel: str = "email") -> Contact:
    return Contact(person=name, channel=channel, address=f"{name.lower()}@council.example")


ASHA, BEN, DESK, STANDBY = (person(name) for name in ("Asha", "Ben", "Desk", "Standby"))
LAYER = RotaLayer(label="Week", tier="Officers", people=("Asha", "Ben"), starts_on=date(2026, 11, 30))


def policy(
    *contacts: Contact, layer: RotaLayer | None = LAYER, required: RequiredCover = RequiredCover.ALWAYS, **more: Any
) -> CouncilPolicy:
    tiers = (Tier(label="Officers", from_days=56, contacts=contacts),)
    rota = None if layer is None else Rota(layers=(layer,), required=required)
    return CouncilPolicy(tiers=tiers, rota=rota, **more)


def on_duty(made: CouncilPolicy, at: datetime) -> list[str]:
    return [contact.person for contact in contacts_on_duty(made, made.tiers[0], at)]


@pytest.mark.parametrize(("at", "who"), [(MONDAY_NOON, "Asha"), (NIGHT, "Asha"), (SUNDAY, "Asha"), (NEXT_WEEK, "Ben")])
def test_the_person_whose_turn_it_is_gets_the_message(at: datetime, who: str) -> None:
    assert on_duty(policy(ASHA, BEN), at) == [who]


def test_without_a_rota_the_whole_tier_gets_it_and_out_of_hours_the_standby_too() -> None:
    made = policy(ASHA, BEN, layer=None, out_of_hours=STANDBY)
    assert on_duty(made, MONDAY_NOON) == ["Asha", "Ben"]
    assert on_duty(made, NIGHT) == on_duty(made, SUNDAY) == ["Asha", "Ben", "Standby"]


def test_where_nobody_is_on_duty_contacts_outside_the_rota_then_the_standby_then_the_operator_get_it() -> None:
    days = DutyHours(begins=time(9), ends=time(17))
    layer = LAYER.model_copy(update={"hours": days})
    assert on_duty(policy(ASHA, BEN, DESK, layer=layer, out_of_hours=STANDBY), NIGHT) == ["Desk"]
    assert on_duty(policy(ASHA, BEN, layer=layer, out_of_hours=STANDBY), NIGHT) == ["Standby"]
    assert on_duty(policy(ASHA, BEN, layer=layer), NIGHT) == []


def test_in_office_hours_that_the_rota_need_not_cover_the_whole_tier_gets_it() -> None:
    nights = LAYER.model_copy(update={"hours": DutyHours(begins=time(17), ends=time(9))})
    made = policy(ASHA, BEN, layer=nights, required=RequiredCover.OUT_OF_HOURS)
    assert on_duty(made, MONDAY_NOON) == ["Asha", "Ben"]
    assert on_duty(made, NIGHT) == ["Asha"]


def test_an_override_hands_the_turn_to_somebody_else() -> None:
    override = RotaOverride(layer="Week", person="Ben", begins="2026-11-30T11:00", ends="2026-11-30T13:00")
    made = policy(ASHA, BEN)
    assert made.rota is not None
    rota = made.rota.model_copy(update={"overrides": (override,)})
    assert on_duty(made.model_copy(update={"rota": rota}), MONDAY_NOON) == ["Ben"]


def test_a_person_with_several_addresses_is_reached_by_the_first() -> None:
    mobile = person("Asha", "sms")
    made = policy(ASHA, mobile, BEN)
    found = contacts_on_duty(made, made.tiers[0], MONDAY_NOON)
    assert found == (ASHA, mobile)
    assert first_addresses(found, {ASHA, mobile}) == [ASHA]
    assert first_addresses(found, {mobile}) == [ASHA, mobile]


def test_a_rota_that_names_nobodys_contact_is_refused_with_the_place() -> None:
    with pytest.raises(ValidationError, match="is the label of no contact"):
        policy(ASHA)


@given(st.integers(0, 60 * 24 * 60), st.booleans(), st.sampled_from(list(RequiredCover)))
def test_somebody_gets_the_message_at_every_minute(minutes: int, has_hours: bool, required: RequiredCover) -> None:
    hours = DutyHours(begins=time(8), ends=time(18)) if has_hours else None
    made = policy(ASHA, BEN, layer=LAYER.model_copy(update={"hours": hours}), required=required, out_of_hours=STANDBY)
    at = datetime.fromtimestamp(MONDAY_NOON.timestamp() + 60 * minutes, UTC)
    assert 1 <= len(on_duty(made, at)) <= 2
