from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.alerts.policies.policy_json import PolicyFault, PolicyRefusedError, policy_from
from services.alerts.policy.policy import CouncilPolicy
from services.core.operator.contact_services import ContactServices

SERVICES = ContactServices(mail_server="mailto://mail.example", text_service="json://texts.example")
NAMES = ("tiers", "contacts", "label", "from_days", "person", "channel", "address", "rota", "layers", "people")
MASK = "**********"

texts = st.sampled_from([MASK, "email", "sms", "route", "desk@council.example", "07700 900123", "\ud800", "a\x00b"])
leaves = st.none() | st.booleans() | st.integers(-5, 100) | st.floats() | texts | st.text(max_size=20)
anything = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | texts, inner, max_size=4),
    max_leaves=12,
)
contacts = st.fixed_dictionaries({"person": texts | anything, "channel": texts | anything, "address": texts | anything})
tiers = st.fixed_dictionaries({"label": texts, "from_days": st.integers(0, 60), "contacts": st.lists(contacts)})


def faults_of(values: dict[str, Any]) -> tuple[PolicyFault, ...]:
    try:
        policy_from(values, CouncilPolicy(), SERVICES)
    except PolicyRefusedError as error:
        return error.faults or (PolicyFault("", ""),)
    return ()


@given(
    st.dictionaries(st.sampled_from(sorted(CouncilPolicy.model_fields)), anything, max_size=3),
    st.lists(tiers | anything, max_size=3) | anything,
    contacts | anything,
)
@settings(max_examples=400, deadline=None)
def test_any_json_is_read_or_refused(values: dict[str, Any], of_tiers: Any, night: Any) -> None:
    faults = faults_of(values | {"tiers": of_tiers, "out_of_hours": night})
    assert all(fault.reason for fault in faults)


@pytest.mark.parametrize("address", ["\ud800@council.example", "a\x00b@council.example", "x" * 5000, "", " "])
@pytest.mark.parametrize("channel", ["email", "sms", "webhook", None])
def test_an_address_that_cannot_be_used_is_refused_by_its_field(address: str, channel: str | None) -> None:
    contact = {"person": "desk", "address": address} | ({"channel": channel} if channel else {})
    values = {"tiers": [{"label": "duty", "from_days": 56, "contacts": [contact]}]}
    with pytest.raises(PolicyRefusedError) as refused:
        policy_from(json.loads(json.dumps(values)), CouncilPolicy(), SERVICES)
    assert refused.value.faults[0].field.startswith("tiers.0.contacts.0")
