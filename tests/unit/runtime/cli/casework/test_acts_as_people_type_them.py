from __future__ import annotations

import json
from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codes import CaseEvent
from services.core.clock import LONDON
from services.runtime.cli.support.act_values import read_value
from tests.support.clock import START
from tests.support.command_line import ENTRY, RAVEN, Desk

ASHA = ("--by", "Asha Patel")


FORMS = ["%d/%m/%Y", "%d-%m-%Y", "%d %b %Y", "%d %B %y"]


def read(event: CaseEvent, field: str, text: str) -> str:
    return read_value(event, field, text, START)


@pytest.mark.parametrize(
    "typed",
    ["30/11/2026", "30-11-26", "30 Nov 2026", "30th November 2026", "2026-11-30", "Mon 30/11/2026"],
)
def test_a_day_is_read_as_in_a_file(desk: Desk, typed: str) -> None:
    case = desk.with_a_case()
    printed = desk.done("case", "record", case, "book_visit", *ASHA, "--field", f"visit_on={typed}")
    assert "Kept: visit on: Mon 30 Nov 2026." in printed.words
    assert "visit on: Mon 30 Nov 2026" in desk.done("case", "show", case).words


@pytest.mark.parametrize("typed", ["next week", "31/02/2026", "12/2026", "Tue 30/11/2026", "46356", "46356.5"])
def test_what_is_no_date_is_refused_with_an_example(desk: Desk, typed: str) -> None:
    case = desk.with_a_case()
    printed = desk.run("case", "record", case, "book_visit", *ASHA, "--field", f"visit_on={typed}")
    assert printed.code == 2
    assert "--field visit_on=… is no date: write it like 30/11/2026" in printed.complaint


@given(st.dates(date(2026, 1, 1), date(2060, 12, 31)), st.sampled_from(FORMS))
def test_every_way_to_write_a_day_gives_that_day(day: date, form: str) -> None:
    for event, field in ((CaseEvent.BOOK_VISIT, "visit_on"), (CaseEvent.CONFIRM_HOLD, "ends_on")):
        assert read(event, field, day.strftime(form)) == day.isoformat()


@given(st.dates(date(2026, 1, 1), date(2040, 12, 31)), st.times())
def test_a_time_without_an_offset_is_uk_time(day: date, clock: time) -> None:
    at = datetime.combine(day, clock.replace(second=0, microsecond=0), LONDON)
    kept = datetime.fromisoformat(read(CaseEvent.PASS_TEST, "at", at.strftime("%d/%m/%Y %H:%M")))
    # Timestamps are compared, because a local time that the clocks skip is equal to no other time.
    assert kept.timestamp() == at.timestamp()


def test_times_are_shown_in_uk_time_in_summer_too(desk: Desk) -> None:
    case = desk.with_a_case()
    typed = ("--field", "arc_name=Fylde Shore", "--field", "tested_by=Asha Patel", "--field", "at=14/07/2026 09:30")
    desk.done("case", "record", case, "fail_test", *ASHA, *typed)
    assert "at: 14 Jul 2026 09:30" in desk.done("case", "show", case).words


@pytest.mark.parametrize(
    ("field", "event", "words", "code"),
    [
        ("method", "contact_resident", ("phone", "Phone call", "rang", "telephoned", "CALL"), "call"),
        ("method", "contact_resident", ("visit", "in person", "Door"), "door"),
        ("method", "contact_resident", ("text", "SMS", "text message"), "sms"),
        ("method", "contact_resident", ("e-mail", "Email"), "email"),
        ("method", "contact_resident", ("post", "letter"), "letter"),
        ("kind", "fit_solution", ("SIM", "sim unit", "not line dependent", "GSM"), "not_line_dependent"),
        ("kind", "fit_solution", ("digital", "Digital unit"), "digital"),
        ("party", "confirm_safe", ("resident", "service user", "Customer"), "customer"),
        ("party", "confirm_safe", ("telecare company", "telecare-company", "Telecare provider"), "telecare_company"),
        ("more_than_a_year", "confirm_hold", ("yes", "Y", "true"), "true"),
    ],
)
def test_a_word_people_use_stands_for_its_code(field: str, event: str, words: tuple[str, ...], code: str) -> None:
    assert {read(CaseEvent(event), field, word) for word in words} == {code}


def test_an_unknown_word_is_refused_with_the_words_that_are_known(desk: Desk) -> None:
    case = desk.with_a_case()
    printed = desk.run("case", "record", case, "contact_resident", *ASHA, "--field", "method=pigeon")
    assert printed.code == 2
    assert "--field method=… is one of letter, email, sms, call, door" in printed.complaint


def test_what_was_understood_is_shown_after_an_act(desk: Desk) -> None:
    case = desk.with_a_case()
    printed = desk.done("case", "record", case, "contact-resident", *ASHA, "--field", "Method=phone")
    assert "Kept: method: call." in printed.words


def test_a_confirmation_takes_the_same_words_and_times(desk: Desk) -> None:
    case = desk.with_a_case()
    given_ = ("--party", "resident", "--evidence", "pressed the pendant", "--told-provider-at", "22/11/2026 16:05")
    printed = desk.done("confirm", case, *ASHA, *given_)
    assert "told provider at: 22 Nov 2026 16:05" in printed.words
    assert "party: customer" in printed.words
    refused = desk.run("confirm", case, *ASHA, "--party", "neighbour", "--evidence", "x")
    assert "--party is one of provider, customer, telecare_company" in refused.complaint


def test_a_wrong_match_is_told_by_evidence_in_every_command(desk: Desk) -> None:
    case = desk.with_a_case()
    said = ("--field", "evidence=the flat next door")
    desk.done("case", "record", case, "reject_match", *ASHA, *said)
    assert "evidence: the flat next door" in desk.done("case", "show", case).words
    refused = desk.run("case", "record", case, "reject_match", *ASHA, "--field", "reason=the flat next door")
    assert refused.code == 2


def test_words_of_a_person_are_kept_as_they_were_typed(desk: Desk) -> None:
    case = desk.with_a_case()
    said = ("--field", "evidence=see note_of_visit in the shared_drive, 3/12")
    desk.done("case", "record", case, "reject_match", *ASHA, *said)
    assert "see note_of_visit in the shared_drive, 3/12" in desk.done("case", "show", case).words


def test_every_act_can_be_given_for_the_councils_own_reference(desk: Desk) -> None:
    case = desk.with_a_case()
    assert (
        f"{case}: resident contacted."
        in desk.done("case", "record", "TC1", "contact_resident", *ASHA, "--field", "method=phone").words
    )
    assert case in desk.done("ack", "tc1", *ASHA).words
    assert case in desk.done("confirm", "TC1", *ASHA, "--party", "provider", "--evidence", "Prove Telecare").words


def test_a_reference_of_two_councils_asks_for_the_council(desk: Desk) -> None:
    desk.with_a_case()
    desk.done("councils", "add", "W06000015", "Cardiff Council")
    desk.done("import", "register", desk.sheet("cardiff.csv", [ENTRY]), "--council", "W06000015")
    again = {"id": "n2", "cli": "01632 960123", "planned_migration_date": "2026-12-20"}
    desk.done("import", "notices", desk.file("n2.json", json.dumps([again])), "--provider", RAVEN)
    printed = desk.run("case", "show", "TC1")
    assert printed.code == 2
    assert "several councils use this reference" in printed.complaint
    assert "Cardiff Council" in desk.done("case", "show", "TC1", "--council", "W06000015").words
