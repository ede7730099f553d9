from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.codes import CaseEvent
from services.alerts.states.records import RECORD_FOR, HumanAct
from services.core.hidden_numbers import has_telephone_number

BY = {"by": "Dana Okafor"}
TEST = BY | {"arc_name": "Fylde ARC", "at": "2026-11-03T10:15:00Z", "tested_by": "Dana Okafor"}
SAFE = BY | {"party": "customer", "evidence": "test call seen", "told_provider_at": "2026-11-03T11:00:00Z"}
COMPLETE: dict[CaseEvent, dict[str, Any]] = {
    CaseEvent.ACKNOWLEDGE: BY,
    CaseEvent.CONTACT_RESIDENT: BY | {"method": "door"},
    CaseEvent.BOOK_VISIT: BY | {"visit_on": "2026-11-02"},
    CaseEvent.FIT_SOLUTION: BY | {"kind": "digital"},
    CaseEvent.PASS_TEST: TEST,
    CaseEvent.FAIL_TEST: BY | {"at": "2026-11-03T10:15:00Z", "tested_by": "Dana Okafor"},
    CaseEvent.CONFIRM_SAFE: SAFE,
    CaseEvent.FIND_NO_ACCESS: BY,
    CaseEvent.DECLINE: BY,
    CaseEvent.REQUEST_HOLD: BY,
    CaseEvent.CONFIRM_HOLD: BY | {"provider_reference": "HLD-88012345671", "ends_on": "2026-12-01"},
    CaseEvent.REFUSE_HOLD: BY,
    CaseEvent.PASS_POST_CHECK: TEST,
    CaseEvent.CLOSE: BY,
    CaseEvent.REJECT_MATCH: BY | {"evidence": "the line is next door's"},
    CaseEvent.PORT_LINE: BY | {"from_provider": "RAVN"},
    CaseEvent.SETTLE_VERSIONS: BY,
    CaseEvent.ACCEPT_CHANGES: BY,
    CaseEvent.MOVE_DATE_EARLIER: {"harm_on": "2026-12-01", "was": "2026-12-09"},
    CaseEvent.MOVE_DATE_LATER: {"harm_on": None},
}
HUMAN_ACTS = [event for event in CaseEvent if issubclass(RECORD_FOR[event], HumanAct)]


def read(event: CaseEvent, **fields: str | None) -> Any:
    return RECORD_FOR[event].model_validate(fields)


def refusal(event: CaseEvent, **fields: str | None) -> str:
    with pytest.raises(ValidationError) as refused:
        read(event, **fields)
    return str(refused.value)


def test_every_event_has_its_record() -> None:
    assert set(RECORD_FOR) == set(CaseEvent)


@pytest.mark.parametrize("event", CaseEvent)
def test_a_complete_record_is_accepted_and_reads_back_the_same(event: CaseEvent) -> None:
    record = read(event, **COMPLETE.get(event, {}))
    assert RECORD_FOR[event].model_validate_json(record.model_dump_json()) == record


@pytest.mark.parametrize(("event", "field"), [(e, f) for e, fields in COMPLETE.items() for f in fields if f != "was"])
def test_no_field_of_a_record_can_be_left_out(event: CaseEvent, field: str) -> None:
    assert field in refusal(event, **{k: v for k, v in COMPLETE[event].items() if k != field})


@pytest.mark.parametrize("event", CaseEvent)
def test_an_unknown_field_is_refused(event: CaseEvent) -> None:
    assert "surname" in refusal(event, **COMPLETE.get(event, {}), surname="x")


@pytest.mark.parametrize("event", HUMAN_ACTS)
@pytest.mark.parametrize("nobody", ["", " ", "J", "J.", "17", "system", "System", " PULLCORD ", "unknown"])
def test_an_act_needs_a_named_person(event: CaseEvent, nobody: str) -> None:
    assert "by" in refusal(event, **COMPLETE[event] | {"by": nobody})


def test_a_short_name_and_a_foreign_name_are_names() -> None:
    assert read(CaseEvent.ACKNOWLEDGE, by="Jo").by == "Jo"
    assert read(CaseEvent.ACKNOWLEDGE, by=" 王芳 ").by == "王芳"


def test_a_converter_needs_the_day_of_its_retest() -> None:
    assert "retest_on" in refusal(CaseEvent.FIT_SOLUTION, **BY, kind="converter_interim")
    record = read(CaseEvent.FIT_SOLUTION, **BY, kind="converter_interim", retest_on="2027-03-01")
    assert record.due_again_on == date(2027, 3, 1)


def test_an_exchange_based_line_needs_its_review_day() -> None:
    assert "review_on" in refusal(CaseEvent.FIT_SOLUTION, **BY, kind="pdpl")
    record = read(CaseEvent.FIT_SOLUTION, **BY, kind="pdpl", review_on="2028-01-10")
    assert record.due_again_on == date(2028, 1, 10)


@pytest.mark.parametrize("kind", ["digital", "existing_device_proved", "not_line_dependent"])
def test_a_lasting_solution_has_no_review_day(kind: str) -> None:
    assert read(CaseEvent.FIT_SOLUTION, **BY, kind=kind).due_again_on is None
    assert "retest_on" in refusal(CaseEvent.FIT_SOLUTION, **BY, kind=kind, retest_on="2027-03-01")
    assert "review_on" in refusal(CaseEvent.FIT_SOLUTION, **BY, kind=kind, review_on="2027-03-01")


@pytest.mark.parametrize("party", ["customer", "telecare_company"])
def test_a_confirmation_says_when_the_provider_was_told(party: str) -> None:
    assert "tell the provider" in refusal(CaseEvent.CONFIRM_SAFE, **SAFE | {"party": party, "told_provider_at": None})


def test_a_provider_that_confirms_need_not_be_told() -> None:
    assert (
        read(CaseEvent.CONFIRM_SAFE, **SAFE | {"party": "provider", "told_provider_at": None}).told_provider_at is None
    )


def test_a_council_cannot_be_the_confirming_party() -> None:
    assert "party" in refusal(CaseEvent.CONFIRM_SAFE, **SAFE | {"party": "council"})


def test_the_time_of_a_test_needs_its_zone() -> None:
    assert "at" in refusal(CaseEvent.PASS_TEST, **TEST | {"at": "2026-11-03T10:15:00"})


@pytest.mark.parametrize(
    "text",
    [
        "ring 01632 960123",
        "ring (01632) 960-123",
        "ring +44 1632 960123",
        "ring 1632960123",
        "ring 07700.900.123 first",
        "on 2026-11-03 ring 020 7946 0123",
        "ring 020\u00a07946\u20110123",
    ],
)
def test_a_note_with_a_telephone_number_is_refused_without_repeating_it(text: str) -> None:
    message = refusal(CaseEvent.ACKNOWLEDGE, **BY, note=text)
    assert "note" in message
    assert "leave it out" in message
    assert not has_telephone_number(message)
    assert "960" not in message
    assert "7946" not in message


@pytest.mark.parametrize("text", ["visit 2026-11-03 10:15, again 04/11/2026 09:30", "flat 12, key with 3 neighbours"])
def test_dates_and_small_numbers_in_a_note_are_welcome(text: str) -> None:
    assert read(CaseEvent.ACKNOWLEDGE, **BY, note=text).note == text


@pytest.mark.parametrize("reference", ["HLD-88012345671", "8801234567", "0012345678", "BT 2026/11/0001234"])
def test_a_long_reference_of_the_provider_is_accepted(reference: str) -> None:
    record = read(CaseEvent.CONFIRM_HOLD, **COMPLETE[CaseEvent.CONFIRM_HOLD] | {"provider_reference": reference})
    assert record.provider_reference == reference


@pytest.mark.parametrize("number", ["01632 960123", "+441632960123", "0044 7700 900123", "07700900123"])
def test_a_telephone_number_is_no_reference(number: str) -> None:
    message = refusal(CaseEvent.CONFIRM_HOLD, **COMPLETE[CaseEvent.CONFIRM_HOLD] | {"provider_reference": number})
    assert "provider_reference" in message
    assert number not in message


def test_texts_are_bounded() -> None:
    assert "note" in refusal(CaseEvent.ACKNOWLEDGE, **BY, note="a" * 501)
    assert "by" in refusal(CaseEvent.ACKNOWLEDGE, by="a" * 101)
