from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.codes import CaseEvent
from tests.unit.alerts.test_case_records import BY, COMPLETE, read, refusal

HOLD = COMPLETE[CaseEvent.CONFIRM_HOLD]
# One telephone number, in forms that make it look like a reference.
DISGUISES = [
    "01632_960123",
    "01632*960*123",
    "REF01632960123",
    "01632960123X",
    "0/1/6/3/2/9/6/0/1/2/3",
    "01632,960,123",
    "O1632 96OI23",
    "441632960123",
    "+44 (0)1632 960123",
    "(0044)1632.960.123",
    "\uff10\uff11\uff16\uff13\uff12\uff19\uff16\uff10\uff11\uff12\uff13",  # full-width
    "\u0660\u0661\u0666\u0663\u0662\u0669\u0666\u0660\u0661\u0662\u0663",  # Arabic
    "\u24ea\u2460\u2465\u2462\u2461\u2468\u2465\u24ea\u2460\u2461\u2462",  # in circles
    "01632\u200b960\u200b123",
    "01632\u00b7960123",
    "0\u20e31632960123",
    "HLD 01632/96/0123",
]


@pytest.mark.parametrize("number", DISGUISES)
def test_a_telephone_number_in_a_disguise_is_no_reference_and_stands_in_no_note(number: str) -> None:
    assert "provider_reference" in refusal(CaseEvent.CONFIRM_HOLD, **HOLD | {"provider_reference": number})
    assert "provider_reference" in refusal(CaseEvent.REFUSE_HOLD, **BY, provider_reference=number)
    assert "note" in refusal(CaseEvent.ACKNOWLEDGE, **BY, note=f"ring {number}")


SIGNS = ["", "", " ", "-", "_", ".", "/", "(", "*", "~", "\u2011", "\u00b7", "\u200d"]


@given(
    st.sampled_from(["01632960{:03}", "07700900{:03}", "02079460{:03}", "+441632960{:03}", "00441184960{:03}"]),
    st.integers(0, 999),
    st.lists(st.sampled_from(SIGNS), min_size=14),
    st.sampled_from(["", "HLD ", "ref-", "#", "no: "]),
)
def test_no_sign_between_its_digits_makes_a_telephone_number_a_reference(
    form: str, end: int, signs: list[str], before: str
) -> None:
    digits = form.format(end)
    written = before + "".join(digit + sign for digit, sign in zip(digits, signs, strict=False))
    with pytest.raises(ValidationError):
        read(CaseEvent.REFUSE_HOLD, **BY, provider_reference=written)


@pytest.mark.parametrize(
    "reference", ["PO1234567890", "HLD_2026_000417", "7f3a09c1-01b2-4c3d-9e8f-0a1b2c3d4e5f", "O2-4471"]
)
def test_an_order_number_and_an_id_of_a_program_are_references(reference: str) -> None:
    assert read(CaseEvent.REFUSE_HOLD, **BY, provider_reference=reference)


@pytest.mark.parametrize(
    "sign", ["\u202e", "\u2066", "\u200b", "\u200f", "\x00", "\x1b", "\x9b", "\n", "\u2028", "\ufeff"]
)
def test_a_reference_and_every_name_hold_no_sign_that_hides_or_turns_text(sign: str) -> None:
    assert "arc_name" in refusal(CaseEvent.PASS_TEST, **COMPLETE[CaseEvent.PASS_TEST] | {"arc_name": f"Fylde{sign}ARC"})
    assert "provider_reference" in refusal(CaseEvent.REFUSE_HOLD, **BY, provider_reference=f"HLD{sign}1")
    assert "by" in refusal(CaseEvent.REFUSE_HOLD, by=f"Asha{sign}Patel")


def test_a_note_may_have_several_lines_and_no_other_control() -> None:
    assert read(CaseEvent.ACKNOWLEDGE, **BY, note="rang twice\nvisit booked").note
    assert "note" in refusal(CaseEvent.ACKNOWLEDGE, **BY, note="rang\u202etwice")


@pytest.mark.parametrize("text", ["flats 12, 14, 16, 18 and 20", "12/14/16 Tower Road, 2 visits", "ref 2026/11/3"])
def test_a_list_of_small_numbers_in_a_note_is_welcome(text: str) -> None:
    assert read(CaseEvent.ACKNOWLEDGE, **BY, note=text).note == text


@pytest.mark.parametrize("text", ["016 32/96/0123", "01:63 29:60 123", "2960-12-34 and 01632 96 01 23"])
def test_a_number_written_like_a_date_or_a_time_is_still_a_number(text: str) -> None:
    assert "note" in refusal(CaseEvent.ACKNOWLEDGE, **BY, note=text)
