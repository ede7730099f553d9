from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from schemas.codes import DONE_BY_PERSON, CaseState
from services.alerts.case.acts import PEOPLES_ACTS
from services.audit.figures.counting import (
    COUNTED,
    CaseStanding,
    First,
    RecordedAction,
    count_month,
    firsts_of,
    replay_cases,
)
from services.audit.figures.figures import Figure
from services.audit.month_end import CONFIRMED_BEFORE_IT_MOVED
from services.core.audit import FIELDS, AuditAction

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ISSUED = "2026-11-20T09:00:00+00:00"
BLACKPOOL, RAVEN = "council:E06000009", "provider:RAVN"


def row(word: AuditAction, at: datetime = NOON, feed: str | None = BLACKPOOL, **fields: Any) -> RecordedAction:
    usual = {"case": "C-1", "harm_on": "2026-12-03", "issued_at": ISSUED, "providers": ["RAVN"], "detail": None}
    made = {name: usual.get(name) for name in FIELDS[word]} | fields
    assert set(made) == FIELDS[word]
    return RecordedAction(at, word, feed, made)


def moved(event: str, to: str, **more: Any) -> RecordedAction:
    return row(AuditAction.CASE_MOVED, event=event, to=to, **more)


def noted(event: str, state: str = "open", **more: Any) -> RecordedAction:
    return row(AuditAction.CASE_NOTED, event=event, state=state, **more)


def totals(*rows: RecordedAction, seen: Iterable[First] = ()) -> dict[str, int]:
    return {figure: n for (figure, table, _), n in count_month(rows, set(seen)).items() if table == "total"}


def kinds(figure: Figure, *rows: RecordedAction) -> dict[str, int]:
    return {key: n for (one, table, key), n in count_month(rows, set()).items() if (one, table) == (figure, "kind")}


def test_a_case_that_opens_counts_once_in_every_table() -> None:
    counts = count_month([row(AuditAction.CASE_OPENED, providers=["HBRT", "RAVN"])], set())
    assert counts == {
        ("cases_opened", "total", ""): 1,
        ("cases_opened", "council", "E06000009"): 1,
        ("cases_opened", "provider", "HBRT"): 1,
        ("cases_opened", "provider", "RAVN"): 1,
    }


@pytest.mark.parametrize(
    ("said", "figures"),
    [
        (moved("migrate_line", "migrated_unconfirmed"), {"migrated_unconfirmed": 1, "post_checks_due": 1}),
        (moved("migrate_line", "migrated"), {"post_checks_due": 1}),
        (noted("migrate_line", "migrated"), {}),
        (moved("fail_test", "migrated_unconfirmed"), {"wait_to_acknowledgement": 1}),
        (moved("restrict_line", "line_restricted"), {"restricted_while_open": 1}),
        (noted("restrict_line", "confirmed_safe"), {}),
        (moved("pass_post_check", "post_check_passed"), {"post_checks_done": 1, "wait_to_acknowledgement": 1}),
        (noted("pass_post_check", "post_check_passed"), {"wait_to_acknowledgement": 1}),
        (moved("request_hold", "hold_requested"), {"holds": 1, "wait_to_acknowledgement": 1}),
        (noted("confirm_hold", "line_restricted"), {"holds": 1, "wait_to_acknowledgement": 1}),
        (moved("refuse_hold", "hold_refused"), {"holds": 1, "wait_to_acknowledgement": 1}),
        (moved("acknowledge", "acknowledged"), {"wait_to_acknowledgement": 1}),
        (moved("acknowledgement_lapsed", "open"), {}),
        (moved("withdraw_notice", "notice_withdrawn"), {}),
        (row(AuditAction.CASE_LINES_CHANGED), {}),
        (row(AuditAction.NOBODY_COULD_BE_TOLD, alert="A-1", cases=3), {"nobody_told": 1}),
        (row(AuditAction.NOBODY_COULD_BE_TOLD, feed=None, alert="A-1", cases=3), {}),
    ],
)
def test_what_happened_counts_for_these_figures_and_no_other(said: RecordedAction, figures: dict[str, int]) -> None:
    assert totals(said) == figures


def test_holds_are_told_apart() -> None:
    said = [noted("request_hold"), noted("request_hold"), noted("confirm_hold"), noted("refuse_hold")]
    assert kinds(Figure.HOLDS, *said) == {"asked": 2, "granted": 1, "refused": 1}


def test_only_the_first_act_of_a_person_ends_the_first_wait_whatever_it_is() -> None:
    contacted = moved("contact_resident", "resident_contacted", at=NOON)
    later = moved("acknowledge", "acknowledged", at=datetime(2026, 11, 29, 12, tzinfo=UTC))
    assert kinds(Figure.WAIT_TO_ACKNOWLEDGEMENT, contacted, later) == {"3": 1}


def test_a_new_danger_begins_a_new_wait() -> None:
    first = noted("acknowledge")
    again = noted("acknowledge", issued_at="2026-11-22T09:00:00+00:00")
    assert kinds(Figure.WAIT_TO_ACKNOWLEDGEMENT, first, again) == {"3": 1, "1": 1}


def test_what_was_first_in_an_earlier_month_is_not_counted_again() -> None:
    acknowledged = noted("acknowledge")
    assert totals(acknowledged, seen=firsts_of(acknowledged)) == {}
    seen: set[First] = set()
    count_month([acknowledged], seen)
    assert seen == {("acted", "C-1", ISSUED)}


def test_a_confirmation_counts_once_by_who_gave_it_and_ends_both_waits() -> None:
    said = [noted("confirm_safe", detail="customer"), noted("confirm_safe", detail="provider")]
    assert totals(*said) == {"confirmations": 1, "wait_to_confirmation": 1, "wait_to_acknowledgement": 1}
    assert kinds(Figure.CONFIRMATIONS, *said) == {"customer": 1}


@pytest.mark.parametrize(
    ("issued", "at", "days"),
    [
        ("2026-11-22T23:59:00+00:00", "2026-11-23T00:01:00+00:00", "1"),
        ("2026-11-23T00:01:00+00:00", "2026-11-23T23:59:00+00:00", "0"),
        ("2027-03-27T23:30:00+00:00", "2027-03-28T23:30:00+00:00", "2"),
        ("2026-11-23T18:00:00+00:00", "2026-11-23T12:00:00+00:00", "0"),
        ("2026-11-25T09:00:00+00:00", "2026-11-23T12:00:00+00:00", "0"),
    ],
)
def test_a_wait_is_counted_in_days_of_london_and_is_never_less_than_none(issued: str, at: str, days: str) -> None:
    said = noted("acknowledge", issued_at=issued, at=datetime.fromisoformat(at))
    assert kinds(Figure.WAIT_TO_ACKNOWLEDGEMENT, said) == {days: 1}


def test_notices_are_counted_by_how_early_they_came() -> None:
    leads = {"-3": 1, "0": 2, "55": 3, "56": 4, "200": 5, "none": 6}
    said = row(AuditAction.NOTICES_TIMED, feed=RAVEN, submission="s", leads=leads)
    assert kinds(Figure.NOTICE_LEAD, said) == {"past": 1, "late": 5, "in_time": 9, "without_a_date": 6}
    counts = count_month([said], set())
    assert counts["notice_lead", "provider", "RAVN"] == counts["notice_lead", "total", ""] == 21
    assert counts["notice_lead", "provider_kind", "RAVN/late"] == 5


def test_stock_counts_as_it_was_taken() -> None:
    taken = [["total", "", 0], ["kind", "fresh", 7]]
    said = row(AuditAction.STOCK_TAKEN, feed=None, month="2026-11", figure="register_entries", counts=taken)
    assert count_month([said], set()) == {
        ("register_entries", "total", ""): 0,
        ("register_entries", "kind", "fresh"): 7,
    }


def test_cases_stand_where_they_were_last_moved_to_with_the_lines_last_told_of() -> None:
    said = [
        row(AuditAction.CASE_OPENED),
        moved("acknowledge", "acknowledged"),
        row(AuditAction.CASE_LINES_CHANGED, providers=["HBRT", "RAVN"], harm_on=None),
        row(AuditAction.CASE_OPENED, case="C-2"),
        noted("move_date_earlier", case="C-2", harm_on="2026-11-30"),
    ]
    assert replay_cases(said) == {
        "C-1": CaseStanding("acknowledged", None, "E06000009", ("HBRT", "RAVN")),
        "C-2": CaseStanding("open", date(2026, 11, 30), "E06000009", ("RAVN",)),
    }


def test_the_acts_of_people_are_those_that_people_can_record() -> None:
    assert set(PEOPLES_ACTS) == DONE_BY_PERSON


def test_the_state_that_is_not_past_its_date_is_one_of_the_machines() -> None:
    assert CaseState(CONFIRMED_BEFORE_IT_MOVED) is CaseState.MIGRATED


def test_every_word_that_is_counted_is_one_of_the_audits() -> None:
    assert set(COUNTED) <= set(FIELDS)
