from __future__ import annotations

import random
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from services.core.telephone.telephone import read_numbers
from services.ingest.reading.drafts import RawRow
from services.ingest.reading.rows.related import related_rows
from tests.support.checks.file_answers import FileAnswers
from tests.support.checks.work_steps import steps_of
from tests.support.command_line import BLACKPOOL, RAVEN, Desk
from tests.support.http import Api
from tests.support.ways_in import case_file

NOW = datetime(2026, 11, 29, 9, tzinfo=UTC)
HEADS = "Service User ID,Tel No,Unit Type,Address 1,Post Code,Status,Installed,Last updated"


@pytest.fixture
def answers(desk: Desk, api: Api) -> FileAnswers:
    desk.clock.set(NOW)
    api.deployment.clock.set(NOW)
    return FileAnswers(desk, api)


def sheet(*rows: str) -> bytes:
    return "\r\n".join([HEADS, *rows]).encode()


def test_04_a_row_for_each_device_gives_one_entry_with_its_number_and_a_notice_opens_its_case(
    answers: FileAnswers,
) -> None:
    assert answers.codes(case_file("04-row")) == {"repeated_reference": [3, 4]}
    assert [(one["record"]["entry_id"], one["numbers"]) for one in answers.entries()] == [
        ("SU1001", ["+441632960108"]),
        ("SU1002", ["+441632960109"]),
    ]
    desk = answers.desk
    notices = desk.file("notices.csv", case_file("04-notices"))
    assert "2 open cases" in desk.done("import", "notices", notices, "--provider", RAVEN).words


def test_the_numbers_of_every_row_are_kept_in_the_order_of_the_rows(answers: FileAnswers) -> None:
    rows = (
        "SU1,,Pendant,12 Tower Road,FY3 8AB,,,",
        "SU1,01632 960121,Lifeline,12 Tower Rd,fy38ab,,,",
        "SU1,+44 1632 960121 / 01632 960122,Smoke detector,,,,,",
        "SU1,01632960123,Fall detector,12 Tower Road,FY3 8AB,,,",
    )
    told = answers.of(sheet(*rows))
    assert [(one.row, one.outcome, one.code) for one in told] == [
        (row, "accepted_with_warnings", "repeated_reference") for row in (3, 4, 5)
    ]
    (entry,) = answers.entries()
    assert entry["numbers"] == ["+441632960121", "+441632960122", "+441632960123"]
    assert (entry["record"]["device_kind"], entry["postcode"]) == ("Pendant", "FY3 8AB")
    answers.of(sheet(*rows))
    assert len(answers.entries()) == 1


@pytest.mark.parametrize(
    ("first", "second", "field"),
    [
        ("12 Tower Road,FY3 8AB,,,", "12 Tower Road,FY3 8AC,,,", "postcode"),
        ("12 Tower Road,FY3 8AB,,,", "14 Tower Road,FY3 8AB,,,", "address_lines"),
        ("12 Tower Road,FY3 8AB,Active,,", "12 Tower Road,FY3 8AB,Ended,,", "service_status"),
        ("12 Tower Road,FY3 8AB,Ended,,", "12 Tower Road,FY3 8AB,,,", "service_status"),
        ("12 Tower Road,FY3 8AB,,01/02/2020,", "12 Tower Road,FY3 8AB,,03/04/2021,", "service_started_on"),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_rows_that_contradict_each_other_are_named(
    answers: FileAnswers, first: str, second: str, field: str, turned: bool
) -> None:
    versions = (second, first) if turned else (first, second)
    told = answers.of(sheet(*(f"SU1,01632 96012{at},,{version}" for at, version in enumerate(versions))))
    named = [one for one in told if one.code == "rows_contradict"]
    assert [(one.row, one.field) for one in named] == [(2, field)]
    assert named[0].reason.startswith("Row 3 has the same reference and another value for ")
    (entry,) = answers.entries()
    assert entry["numbers"] == ["+441632960120", "+441632960121"]
    assert entry["record"].get("service_status", "active") == "active"


def test_both_places_are_matched_until_the_council_says_which_is_right(answers: FileAnswers) -> None:
    rows = ("SU1,01632 960121,,12 Tower Road,FY3 8AB,,,", "SU1,01632 960122,,3 Mill Lane,FY2 9ZZ,,,")
    told = {(one.row, one.code) for one in answers.of(sheet(*rows))}
    assert {(2, "rows_contradict"), (3, "same_stamp_differs")} <= told
    (entry,) = answers.entries()
    assert (entry["postcode"], [rival["postcode"] for rival in entry["rivals"]]) == ("FY3 8AB", ["FY2 9ZZ"])


def test_a_later_row_without_a_number_loses_nobody(answers: FileAnswers) -> None:
    rows = (
        "SU1,01632 960121,Lifeline,12 Tower Road,FY3 8AB,Active,,01/10/2026 10:00",
        "SU1,,Pendant,12 Tower Road,FY3 8AB,Ended,,05/11/2026 10:00",
    )
    codes = answers.codes(sheet(*rows))
    assert codes == {"repeated_reference": [2], "rows_contradict": [3]}
    (entry,) = answers.entries()
    assert entry["numbers"] == ["+441632960121"]
    assert entry["record"].get("service_status", "active") == "active"


def test_a_row_that_is_refused_takes_no_other_along(answers: FileAnswers) -> None:
    rows = (
        "SU1,01632 960121,Lifeline,12 Tower Road,FY3 8AB,,,01/10/2026",
        "SU1,,Pendant,12 Tower Road,FY3 8AB,,,01/10/2062",
    )
    outcomes = {(one.row, one.outcome) for one in answers.of(sheet(*rows))}
    assert (3, "rejected") in outcomes
    assert [entry["numbers"] for entry in answers.entries()] == [["+441632960121"]]


@pytest.mark.parametrize("rounded", ["202612000000000", "2026120000000.0", "900000000000", "12345678901234500"])
def test_people_whose_references_were_rounded_alike_are_never_one(answers: FileAnswers, rounded: str) -> None:
    rows = [f"{rounded},01632 96012{at},,{at} Tower Road,FY3 8AB,,," for at in range(3)]
    assert answers.codes(sheet(*rows)) == {"lost_digits": [2, 3, 4], "missing": [2, 3, 4]}
    assert answers.entries() == []


def test_two_people_at_one_number_under_two_references_stay_two(answers: FileAnswers) -> None:
    rows = [f"SU{at},01632 960121,,12 Tower Road,FY3 8AB,,," for at in range(2)]
    answers.of(sheet(*rows))
    assert len(answers.entries()) == 2


def test_more_numbers_than_an_entry_can_hold_are_named(answers: FileAnswers) -> None:
    rows = [f"SU1,01632 9601{at},,12 Tower Road,FY3 8AB,,," for at in range(10, 40)]
    assert answers.codes(sheet(*rows))["too_many_numbers"] == [2]
    (entry,) = answers.entries()
    assert len(entry["numbers"]) == 13


def test_notices_of_one_reference_are_left_as_they_are(desk: Desk) -> None:
    rows = b"Order ref,CLI,Migration date\nn1,01632 960121,01/03/2027\nn1,01632 960122,01/03/2027\n"
    printed = desk.done("import", "notices", desk.file("n.csv", rows), "--provider", RAVEN, "--dry-run")
    assert "another telephone number or address" in printed.words


def test_however_the_rows_of_devices_are_written_nobody_is_lost(desk: Desk, api: Api) -> None:
    noise = random.Random(20261129)
    people = {f"SU{at}": (f"{at} Tower Road", [f"01632 960{at * 3 + one:03}" for one in range(3)]) for at in range(30)}
    rows, given = list[str](), dict[str, set[str]]()
    for name, (address, numbers) in people.items():
        for _ in range(noise.randint(1, 5)):
            number = noise.choice([*numbers, "", "NULL", "-"])
            given.setdefault(name, set()).update(read_numbers(number).numbers)
            where = noise.choice([f"{address},FY3 8AB", f"{address.upper()},fy3  8ab", ",", "NULL,NULL", f"{address},"])
            rows.append(f"{name},{number},{noise.choice(['Lifeline', 'Pendant', ''])},{where},,,")
    noise.shuffle(rows)
    answers = FileAnswers(desk, api)
    assert "rows_contradict" not in answers.codes(sheet(*rows))
    assert {one["record"]["entry_id"]: set(one["numbers"]) for one in answers.entries()} == given


@pytest.mark.parametrize("one_place", [True, False])
def test_the_work_is_linear_in_the_rows_of_one_reference(one_place: bool) -> None:
    def steps(count: int) -> int:
        rows = [
            RawRow(at, {"entry_id": "SU1", "address_lines": [f"{1 if one_place else at} Tower Road"]}, typed=True)
            for at in range(count)
        ]
        return steps_of(lambda: [*related_rows(rows, NOW)])

    assert steps(1_000) <= 2.5 * steps(500) + 2_000


def test_a_replacing_file_withdraws_nobody_whose_rows_were_read_together(desk: Desk) -> None:
    rows = [f"SU{at},,,12 Tower Road,FY3 8AB,,," for at in (1, 1, 2)]
    assert [(one, other) for one, other in pairwise(rows) if one == other]
    file = desk.file("r.csv", sheet(*rows))
    desk.done("import", "register", file, "--council", BLACKPOOL)
    printed = desk.done("import", "register", file, "--council", BLACKPOOL, "--replace", "--dry-run")
    assert "0 entries on record would be withdrawn" in printed.words
