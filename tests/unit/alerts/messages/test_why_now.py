from __future__ import annotations

from datetime import date

import pytest

from services.alerts.message.why_now import why_now
from services.alerts.policy.escalation.case_clock import EscalationReason
from tests.unit.alerts.messages.digests import a_case, mail

REFUSED_HOLD = "Where the provider refused a hold"


def text_of(*cases: object, **changes: object) -> str:
    return " ".join(mail(*cases, **changes).text.split())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("threshold", "said"),
    [
        (0, "The date has come."),
        (1, "The date is 1 day away or less."),
        (2, "The date is 2 days away or less."),
        (56, "The date is 56 days away or less."),
    ],
)
def test_a_reached_threshold_says_how_far_the_date_is_at_most(threshold: int, said: str) -> None:
    assert why_now("threshold_reached", threshold, 0, 1) == said


@pytest.mark.parametrize("reason", sorted(set(EscalationReason) - {EscalationReason.NOTICE_WITHDRAWN}))
def test_each_reason_is_a_sentence_for_one_case_and_for_several(reason: EscalationReason) -> None:
    one, several = (why_now(reason, 7, 2, cases) for cases in (1, 3))
    assert "these cases" not in one
    assert "this case" not in several
    assert one.endswith(".")
    assert one != "No end has been recorded for this case."


def test_the_operator_reads_why_the_message_is_for_the_operator() -> None:
    text = text_of(reason="nobody_answered", to_operator=True, asked_before=("officers", "managers"))
    assert "You get this as the operator of Pullcord" in text
    assert "Earlier messages went to: officers and managers." in text
    assert "Ring the council's telecare team" in text


def test_a_refused_hold_asks_for_a_visit_only_while_its_date_is_ahead() -> None:
    past = date(2026, 11, 23)
    assert REFUSED_HOLD in text_of(a_case(state="hold_refused"))
    assert REFUSED_HOLD in text_of(a_case(), a_case(reference="C-HELD-0001", state="hold_refused"))
    assert REFUSED_HOLD not in text_of(a_case(state="hold_refused", harm_on=past, planned_on=past))
    assert REFUSED_HOLD not in text_of(a_case(state="hold_refused", harm_on=None, planned_on=None))


def test_nobody_is_told_to_ask_for_a_hold_that_was_refused() -> None:
    asks = "ask the provider to hold the line"
    assert asks not in text_of(a_case(state="hold_refused"))
    assert asks in text_of(a_case(state="hold_refused"), a_case(reference="C-OPEN-0001"))
