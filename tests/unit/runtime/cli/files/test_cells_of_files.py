from __future__ import annotations

import io
import random
from datetime import UTC, datetime

import openpyxl
import pytest

from tests.support.checks.file_answers import FileAnswers
from tests.support.command_line import Desk
from tests.support.http import Api
from tests.support.ways_in import CASES, case_file

NOW = datetime(2026, 11, 29, 9, tzinfo=UTC)
HEADS = ("Client ref", "Tel No", "UPRN", "Address 1", "Post Code", "Last test")


@pytest.fixture
def answers(desk: Desk, api: Api) -> FileAnswers:
    desk.clock.set(NOW)
    api.deployment.clock.set(NOW)
    return FileAnswers(desk, api)


def sheet(*rows: tuple[str, ...], heads: tuple[str, ...] = HEADS) -> bytes:
    return "\r\n".join(map(",".join, (heads, *rows))).encode()


def workbook(*rows: tuple[str, ...], heads: tuple[str, ...] = HEADS) -> bytes:
    book, saved = openpyxl.Workbook(), io.BytesIO()
    for line in (heads, *rows):
        book.worksheets[0].append(list(line))
    book.save(saved)
    return saved.getvalue()


def references(answers: FileAnswers) -> list[str]:
    return [entry["record"]["entry_id"] for entry in answers.entries()]


def test_05_references_that_have_lost_their_digits_are_refused_and_never_taken_for_one_another(
    answers: FileAnswers,
) -> None:
    assert answers.codes(case_file("05")) == {"lost_digits": [2, 3, 4], "missing": [2, 3, 4]}
    assert answers.entries() == []


@pytest.mark.parametrize(("name", "last"), [("02-", [4]), ("02b", [])])
def test_02_flats_houses_and_references_that_were_made_dates_are_named_and_never_an_address(
    answers: FileAnswers, name: str, last: list[int]
) -> None:
    (path,) = CASES.glob(f"{name}*")
    told = answers.of(path.read_bytes())
    named = {(one.row, one.field) for one in told if one.code == "made_a_date"}
    assert named == {(2, "entry_id"), (2, "address_lines"), *((row, "address_lines") for row in (3, *last))}
    assert {one.row for one in told if one.outcome == "rejected"} == {2}
    for entry in answers.entries():
        assert entry["record"]["address_lines"] == ["Invented Street"]


def test_whatever_a_spreadsheet_makes_of_a_flat_or_a_house_is_named(answers: FileAnswers) -> None:
    noise = random.Random(2026)
    forms = ["{0:02}-{1}", "{0:02}/{2:02}/2026", "2026-{2:02}-{0:02}", "{0}-{1}-26", "{1}-{0:02}", "{0:02}.{2:02}.2026"]
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    rows = []
    for row in range(2, 42):
        month = noise.randrange(12)
        made = noise.choice(forms).format(noise.randrange(1, 13), months[month], month + 1)
        cells = [made, "Tower Road"] if row % 2 else ["Tower Road", made]
        rows.append((f"TC{row}", f"01632 960{row:03}", *cells, "FY3 8AB"))
    told = answers.of(sheet(*rows, heads=("Client ref", "Tel No", "Flat", "Address 2", "Post Code")))
    assert sorted(one.row for one in told if one.code == "made_a_date") == list(range(2, 42))
    assert {entry["record"]["address_lines"][0].removeprefix("Flat ") for entry in answers.entries()} == {"Tower Road"}


@pytest.mark.parametrize(
    "line", ["Flat 01-Feb Tower Road", "02-Jan Tower Road", "2026-01-02 Tower Road", "46024 Tower Road", "flat 46024"]
)
def test_a_flat_or_a_house_that_was_made_a_date_within_its_line_is_named_too(answers: FileAnswers, line: str) -> None:
    heads = ("Client ref", "Tel No", "Address 1", "Address 2", "Post Code")
    told = answers.of(sheet(("TC1", "01632 960121", line, "Blackpool", "FY3 8AB"), heads=heads))
    assert [(one.row, one.field, one.code) for one in told] == [(2, "address_lines", "made_a_date")]
    (entry,) = answers.entries()
    assert entry["record"]["address_lines"] == (["Tower Road"] if "Tower" in line else []) + ["Blackpool"]


@pytest.mark.parametrize("word", ["N/K", "TBD", "To be advised", "awaiting", "Not given", "as above", "Ditto", "TBC"])
def test_two_people_whose_reference_is_still_to_come_are_never_one(answers: FileAnswers, word: str) -> None:
    rows = [(word, f"01632 96012{at}", "", f"{at} Tower Road", "FY3 8AB", "") for at in range(2)]
    assert answers.codes(sheet(*rows)) == {"missing": [2, 3]}
    assert answers.entries() == []


def test_an_address_that_is_still_to_come_is_no_address(answers: FileAnswers) -> None:
    rows = [(f"TC{at}", f"01632 96012{at}", "", word, "FY3 8AB", "") for at, word in enumerate(["TBC", "n/k", "0"])]
    assert answers.codes(sheet(*rows)) == {"no_address": [2, 3, 4]}


@pytest.mark.parametrize(
    "sound",
    ["1/2", "3-5", "12A", "May Court", "1 May Court", "2/1", "Flat 3", "18-20", "2-4 March Row", "1234 Fylde Road"],
)
def test_a_flat_or_a_house_that_is_no_date_stays(answers: FileAnswers, sound: str) -> None:
    row = ("TC1", "01632 960121", sound, "Tower Road", "FY3 8AB")
    assert answers.codes(sheet(row, heads=("Client ref", "Tel No", "Address 1", "Address 2", "Post Code"))) == {}


def test_07_words_for_nothing_of_a_database_are_read_as_empty_and_the_date_is_named(answers: FileAnswers) -> None:
    assert answers.codes(case_file("07")) == {"placeholder_date": [4], "missing": [5, 6]}
    first, second, third = (entry["record"] for entry in answers.entries())
    assert (first["address_lines"], second["address_lines"]) == (
        ["12 Invented Road"],
        ["14 Invented Road", "Blackpool"],
    )
    assert {"uprn", "service_ended_on", "updated_at"}.isdisjoint(second)
    assert {"cli", "service_ended_on"}.isdisjoint(third)


def test_08_errors_are_named_by_row_and_column_and_are_no_value(answers: FileAnswers) -> None:
    told = {(one.row, one.field, one.code) for one in answers.of(case_file("08"))}
    assert told == {
        (2, "cli", "column_too_narrow"),
        (2, "last_successful_test_at", "column_too_narrow"),
        *((row, field, "error_value") for row in (3, 4) for field in ("entry_id", "address_lines")),
        (5, "cli", "error_value"),
        *((row, "entry_id", "column_too_narrow") for row in (6, 7)),
        *((row, "entry_id", "missing") for row in (3, 4, 6, 7)),
    }
    assert references(answers) == ["1001", "1004"]


def test_09_signs_that_nobody_sees_make_no_second_entry(answers: FileAnswers) -> None:
    seen = case_file("09").decode()
    assert answers.codes(seen.encode()) == {}
    assert references(answers) == ["TC 1003", "TC1001", "TC1002"]
    first = answers.entries()[1]
    assert first["numbers"] == ["+441632960126"]
    assert (first["postcode"], first["record"]["service_started_on"]) == ("FY3 8AB", "2020-12-03")
    plain = "".join(sign for sign in seen if sign not in "\u200b\u200e\u202c\xad\ufeff").replace("\xa0", " ")
    answers.of(plain.encode())
    assert len(answers.entries()) == 3


@pytest.mark.parametrize("make", [sheet, workbook])
@pytest.mark.parametrize(
    "written",
    [
        "'TC-7",
        "TC\u20117",
        "TC\u22127\xa0",
        "\u202aTC-7\u202c",
        "TC_x002D_7_x000D_",
        "TC&#45;7",
        "\ufeffTC&ndash;7&nbsp;",
        "TC\u2060-\xad7",
    ],
)
def test_a_reference_is_the_same_however_a_program_wrote_it(answers: FileAnswers, written: str, make: object) -> None:
    row = ("01632 960123", "", "14 Lapwing Close", "FY3 8AB", "")
    data = make((written, *row))  # type: ignore[operator]
    assert answers.codes(data) == {}
    assert references(answers) == ["TC-7"]


@pytest.mark.parametrize("lost", ["2.02612E+14", "2,02612e14", "2E+14", "'2.02612E+14", "\u200b1.5E+11"])
def test_lost_digits_are_named_in_references_of_both_kinds(answers: FileAnswers, lost: str) -> None:
    row = (f'"{lost}"', "01632 960123", "", "14 Lapwing Close", "FY3 8AB", "")
    assert answers.codes(sheet(row)) == {"lost_digits": [2], "missing": [2]}
    notice = sheet((f'"{lost}"', "n1", "01632 960123", "03/12/2026"), heads=("Order ref", "Notice ID", "CLI", "Date"))
    told = answers.of(notice.replace(b",Date\r", b",Migration date\r"), "notices")
    assert [(one.outcome, one.field, one.code) for one in told] == [
        ("accepted_with_warnings", "provider_reference", "lost_digits")
    ]


def test_a_number_and_a_uprn_that_have_lost_their_digits_are_named_and_not_read(answers: FileAnswers) -> None:
    told = answers.of(sheet(("TC1", "1.63296E+09", "1.00012E+11", "14 Lapwing Close", "FY3 8AB", "")))
    assert [(one.field, one.code) for one in told] == [("cli", "scientific_notation"), ("uprn", "scientific_notation")]
    (entry,) = answers.entries()
    assert (entry["numbers"], entry["uprn"]) == ([], None)


def test_whatever_stands_for_an_error_or_for_nothing_is_no_reference_number_or_address(answers: FileAnswers) -> None:
    noise = random.Random(20261129)
    errors = ["#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "########", "##", "?????", "??"]
    nothings = ["NULL", "null", "nan", "NaN", "None", "N/A", "n/a", "-", "--", "\u2014", "(null)", "&nbsp;"]
    nothings += ["00/00/0000", "0000-00-00", "00-00-0000 00:00:00"]
    rows, expected = [], set[tuple[int, str]]()
    for row in range(2, 42):
        cells = [f"TC{row}", f"01632 960{row:03}", str(100_012_340_000 + row), f"{row} Tower Road", "FY3 8AB", ""]
        place = noise.randrange(len(HEADS))
        field = ("entry_id", "cli", "uprn", "address_lines", "postcode", "last_successful_test_at")[place]
        cells[place] = noise.choice(errors + nothings)
        expected |= {(row, field)} if cells[place] in errors else set()
        expected |= {(row, "entry_id")} if place == 0 else set()
        rows.append(tuple(cells))
    told = answers.of(sheet(*rows))
    hints = {"number_only", "no_address"}
    assert {(one.row, one.field) for one in told if one.code not in hints} == expected
    for entry in answers.entries():
        kept = entry["record"]
        values = [kept["entry_id"], kept.get("cli", ""), kept.get("uprn", ""), kept.get("postcode", "")]
        assert not {*values, *kept.get("address_lines", ())} & {*errors, *nothings}


def test_dates_that_programs_write_for_none_are_no_dates(answers: FileAnswers) -> None:
    written = [
        "00/00/0000",
        "0000-00-00",
        "0000-00-00 00:00:00",
        "01/01/1900",
        "1899-12-30",
        "31/12/9999",
        "9999-12-31",
    ]
    rows = [(f"n{at}", f"01632 96012{at}", f"{at} Lapwing Close", "FY3 8AB", day) for at, day in enumerate(written)]
    heads = ("Client ref", "Tel No", "Address 1", "Post Code", "End date")
    assert answers.codes(sheet(*rows, heads=heads)) == {"placeholder_date": [5, 6, 7, 8]}
    assert not any("service_ended_on" in entry["record"] for entry in answers.entries())


def test_a_notice_whose_date_is_zeros_is_kept_without_a_date(answers: FileAnswers) -> None:
    rows = [(f"n{at}", f"01632 96012{at}", day) for at, day in enumerate(["00/00/0000", "0000-00-00", "01/01/1900"])]
    codes = answers.codes(sheet(*rows, heads=("Order ref", "CLI", "Migration date")), "notices")
    assert codes == {"no_date": [2, 3, 4], "implausible_date": [4]}


def test_a_word_that_answers_a_question_stays(answers: FileAnswers) -> None:
    heads = ("Client ref", "Tel No", "Equipment", "Preferred contact", "Scheme", "DSA ref")
    rows = [("TC1", "01632 960121", "None", "n/a", "None", "N/A"), ("TC2", "01632 960122", "NULL", "nan", "-", "--")]
    answers.of(sheet(*rows, heads=heads))
    first, second = (entry["record"] for entry in answers.entries())
    assert (first["device_kind"], first["contact_route"]) == ("None", "n/a")
    assert {"scheme_id", "share_basis_id"}.isdisjoint(first)
    assert {"device_kind", "contact_route", "scheme_id", "share_basis_id"}.isdisjoint(second)


def test_a_reference_that_a_workbook_shows_with_letters_is_the_one_that_is_shown(answers: FileAnswers) -> None:
    book, saved = openpyxl.Workbook(), io.BytesIO()
    book.worksheets[0].append(["Client ref", "Tel No", "House No", "Street", "Post Code"])
    book.worksheets[0].append([42, "01632 960121", "12.0", "Tower Road", "FY3 8AB"])
    book.worksheets[0]["A2"].number_format = '"TC"0000'
    book.save(saved)
    assert answers.codes(saved.getvalue()) == {}
    (entry,) = answers.entries()
    assert (entry["record"]["entry_id"], entry["record"]["address_lines"]) == ("TC0042", ["12 Tower Road"])
