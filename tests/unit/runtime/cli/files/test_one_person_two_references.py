from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from services.ingest.reading.drafts import Draft, EntryFacts, RawRow
from services.ingest.reading.rows.alike import with_questions
from services.ingest.reading.rows.references import alike_form, alike_references
from services.ingest.reading.rules import read_entry
from tests.support.checks.file_answers import FileAnswers
from tests.support.checks.work_steps import calls_of
from tests.support.command_line import Desk
from tests.support.http import Api
from tests.support.ways_in import case_file

NOW = datetime(2026, 11, 29, 9, tzinfo=UTC)
HEADS = "Client ref,Tel No,UPRN,Address 1,Post Code,Scheme"
NEARLY, SAME_LINE = "reference_nearly_the_same", "same_line_other_reference"


@pytest.fixture
def answers(desk: Desk, api: Api) -> FileAnswers:
    desk.clock.set(NOW)
    api.deployment.clock.set(NOW)
    return FileAnswers(desk, api)


def sheet(*rows: str) -> bytes:
    return "\r\n".join([HEADS, *rows]).encode()


@pytest.mark.parametrize(
    ("one", "other"),
    [("001001", "1001"), ("TC-2a", "TC-2A"), ("TC 1004", "TC-1004"), ("TC1005", "TC\u20111005"), ("tc-007", "TC 7")],
)
def test_references_that_are_nearly_the_same_are_asked_about(answers: FileAnswers, one: str, other: str) -> None:
    told = answers.of(
        sheet(f"{one},01632 960121,,1 Tower Road,FY3 8AB,", f"{other},01632 960122,,2 Mill Lane,FY2 9AA,")
    )
    assert [(row.row, row.code, row.reason.partition(" has")[0]) for row in told] == [
        (2, NEARLY, "Row 3"),
        (3, NEARLY, "Row 2"),
    ]
    assert len(answers.entries()) == 2


@pytest.mark.parametrize(
    ("one", "other", "field"),
    [
        ("01632 960121,,1 Tower Road,FY3 8AB,", "+441632960121,,2 Mill Lane,FY2 9AA,", "cli"),
        (",100012345678,,,", "01632 960122,100012345678,2 Mill Lane,FY2 9AA,", "uprn"),
        ("01632 960121,,1 Tower Road,FY3 8AB,", "01632 960122,,1 Tower Rd,fy38ab,", "address_lines"),
        ("01632 960121,,1 Tower Road,FY3 8AB,S1", "01632 960121,,2 Mill Lane,FY2 9AA,S2", "cli"),
    ],
)
def test_one_line_or_home_under_two_references_is_asked_about(
    answers: FileAnswers, one: str, other: str, field: str
) -> None:
    told = [row for row in answers.of(sheet(f"A1,{one}", f"B2,{other}")) if row.code == SAME_LINE]
    assert [(row.row, row.field, row.reason.partition(" has")[0]) for row in told] == [
        (2, field, "Row 3"),
        (3, field, "Row 2"),
    ]
    assert len(answers.entries()) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A1,01632 960121,,Flat 1 Oak House,FY3 8AB,Oak House", "B2,01632 960121,,Flat 2 Oak House,FY3 8AB,Oak House"),
        ("1-23,01632 960121,,1 Tower Road,FY3 8AB,", "12-3,01632 960122,,1 Tower Road,FY2 9AA,"),
        ("A1,01632 960121,,Tower Road,FY3 8AB,", "B2,01632 960122,,Tower Road,FY3 8AB,"),
    ],
)
def test_what_is_no_sign_of_one_person_is_not_asked_about(answers: FileAnswers, one: str, other: str) -> None:
    assert not {NEARLY, SAME_LINE} & answers.codes(sheet(one, other)).keys()


def test_everybody_at_a_shared_line_names_another_row_that_shares_it(answers: FileAnswers) -> None:
    noise = random.Random(20261129)
    lines = {row: noise.randrange(10) for row in range(2, 14)}
    rows = [f"P{row * 7},01632 96012{line},,{row} Tower Road,FY3 8AB," for row, line in lines.items()]
    told = {one.row: int(one.reason.split()[1]) for one in answers.of(sheet(*rows)) if one.code == SAME_LINE}
    shared = [*lines.values()]
    assert told.keys() == {row for row, line in lines.items() if shared.count(line) > 1}
    assert all(row != other and lines[row] == lines[other] for row, other in told.items())


def test_the_work_is_linear_in_the_rows_that_share_a_line() -> None:
    def drafts(count: int) -> list[Draft[EntryFacts]]:
        rows = (RawRow(at, {"entry_id": f"e{at}", "cli": "01632 960121"}) for at in range(count))
        return [draft for row in rows if isinstance(draft := read_entry(row, NOW), Draft)]

    short, long = drafts(500), drafts(5_000)
    assert calls_of(lambda: with_questions(long)) < 12 * calls_of(lambda: with_questions(short))


def test_26_a_second_export_doubles_nobody_in_silence(answers: FileAnswers) -> None:
    assert answers.codes(case_file("26a")) == {}
    told = answers.of(case_file("26b"))
    assert [(one.row, one.code) for one in told if one.code == NEARLY] == [(2, NEARLY), (3, NEARLY)]
    # References that differ only by `.0`, a no-break space or another hyphen count as the ones on record.
    assert len(answers.entries()) == 7
    assert answers.codes(case_file("26b")).get(NEARLY) is None


@pytest.mark.parametrize(
    ("on_record", "new", "code"),
    [
        ("00042,01632 960121,,1 Tower Road,FY3 8AB,", "42,01632 960122,,2 Mill Lane,FY2 9AA,", NEARLY),
        ("42,01632 960121,,1 Tower Road,FY3 8AB,", "0042,01632 960122,,2 Mill Lane,FY2 9AA,", NEARLY),
        ("TC42,01632 960121,,1 Tower Road,FY3 8AB,", "TC 42,01632 960122,,2 Mill Lane,FY2 9AA,", NEARLY),
        ("tc-0042,01632 960121,,1 Tower Road,FY3 8AB,", "tc-42,01632 960122,,2 Mill Lane,FY2 9AA,", NEARLY),
        ("A1,01632 960121,,1 Tower Road,FY3 8AB,", "B2,+44 1632 960121,,2 Mill Lane,FY2 9AA,", SAME_LINE),
        ("A1,,100012345678,1 Tower Road,FY3 8AB,", "B2,,100012345678,2 Mill Lane,FY2 9AA,", SAME_LINE),
    ],
)
def test_a_new_reference_that_may_be_on_record_is_asked_about(
    answers: FileAnswers, on_record: str, new: str, code: str
) -> None:
    answers.of(sheet(on_record))
    assert [(one.row, one.code, one.reason[:18]) for one in answers.of(sheet(new))] == [(2, code, "An entry on record")]
    assert len(answers.entries()) == 2


def test_what_is_on_record_as_another_person_is_not_asked_about(answers: FileAnswers) -> None:
    answers.of(sheet("A1,01632 960121,,Flat 1 Oak House,FY3 8AB,Oak House", "1-23,01632 960122,,3 Mill Lane,FY2 9AA,"))
    others = ("B2,01632 960121,,Flat 2 Oak House,FY3 8AB,Oak House", "12-3,01632 960123,,4 Mill Lane,FY2 9AA,")
    assert answers.codes(sheet(*others)) == {}


def test_every_form_of_a_reference_that_a_program_may_write_is_looked_up() -> None:
    noise = random.Random(20261129)
    for _ in range(200):
        number = str(noise.randrange(1, 10**6))
        name = noise.choice(["", "TC", "tc", "SU-", "Ref "]) + number.zfill(noise.randint(1, 9))
        changed = noise.choice(
            [name.upper(), name.lower(), name.replace("-", " "), name.replace(" ", "-"), name.replace("-", "")]
        )
        assert changed == name or changed in alike_references(name)
        assert name == changed or alike_form(name) == alike_form(changed)
        assert all(alike_form(one) == alike_form(name) for one in alike_references(name))
