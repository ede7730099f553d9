"""Tests each row of the table in `tests/data/cases/README.md`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
from sqlalchemy import select

from services.storage.store import Store
from services.storage.tables import notices, register_entries
from services.storage.vault import place
from tests.support.checks.file_answers import FileAnswers, FileIssue
from tests.support.checks.spreadsheet_answers import FileAnswer, answer_on
from tests.support.command_line import BLACKPOOL, RAVEN, Desk
from tests.support.http import Api
from tests.support.ways_in import CASES

Found = TypeVar("Found")
NOW = datetime(2026, 11, 29, 9, tzinfo=UTC)


@dataclass
class Sent:
    desk: Desk
    api: Api

    def rows(self, name: str, kind: str) -> list[FileIssue]:
        return FileAnswers(self.desk, self.api).of(file_of(name), kind)

    def whole(self, name: str, kind: str) -> FileAnswer:
        return answer_on(kind, file_of(name), self.desk, self.api)

    def notices(self) -> list[tuple[str, str]]:
        # Both deployments agree.
        return self._same(lambda store: [(str(row.planned_on), row.status) for row in _all(store, notices)])

    def entries(self) -> list[dict[str, Any]]:
        return self._same(lambda store: [_opened(store, row) for row in _all(store, register_entries)])

    def cases(self) -> int:
        # Both deployments agree.
        self.desk.done("import", "notices", self.desk.file("none.json", NOTHING), "--provider", RAVEN)
        self.api.deployment.post_notices({"id": "n-last", "cli": "01632 960999", "status": "withdrawn"})
        self.api.deployment.settle()
        printed = self.desk.done("cases", "--all", "--json").out
        assert printed.count('"case"') == len(self.api.deployment.cases())
        return len(self.api.deployment.cases())

    def _same(self, read: Callable[[Store], Found]) -> Found:
        with self.desk.store() as store:
            found = read(store)
        assert found == read(self.api.deployment.store)
        return found


NOTHING = '[{"id": "n-last", "cli": "01632 960999", "status": "withdrawn"}]'


@pytest.fixture
def sent(desk: Desk, api: Api) -> Sent:
    desk.clock.set(NOW)
    api.deployment.clock.set(NOW)
    return Sent(desk, api)


def file_of(name: str) -> bytes:
    (path,) = CASES.glob(f"{name}*")
    return path.read_bytes()


def codes(found: Iterable[FileIssue], *wanted: str) -> set[tuple[int, str]]:
    return {(one.row, one.code) for one in found if not wanted or one.code in wanted}


def refused(found: Iterable[FileIssue]) -> set[int]:
    return {one.row for one in found if one.outcome == "rejected"}


def _all(store: Store, table: Any) -> list[Any]:
    with store.reading() as connection:
        return list(connection.execute(select(table).order_by(table.c.pk)))


def _opened(store: Store, row: Any) -> dict[str, Any]:
    opened: dict[str, Any] = store.vault.open(place(register_entries.name, row.record_key), row.sealed)
    return opened


def test_44a_44b_all_six_move_to_11_january_and_none_is_stale(sent: Sent) -> None:
    sent.rows("44a", "notices")
    assert "stale" not in {one.outcome for one in sent.rows("44b", "notices")}
    assert {day for day, _ in sent.notices()} == {"2027-01-11"}
    assert len(sent.notices()) == 6


def test_44c_44d_all_four_numbers_are_corrected(sent: Sent) -> None:
    sent.rows("44c", "register")
    before = [entry["numbers"] for entry in sent.entries()]
    assert "stale" not in {one.outcome for one in sent.rows("44d", "register")}
    after = [entry["numbers"] for entry in sent.entries()]
    assert len(after) == len(before) == 4
    assert all(old != new for old, new in zip(before, after, strict=True))


def test_44e_44f_the_second_wins(sent: Sent) -> None:
    sent.rows("44e", "notices")
    before = sent.notices()
    sent.rows("44f", "notices")
    assert all(new < old for (new, _), (old, _) in zip(sent.notices(), before, strict=True))


def test_06_no_ambiguous_date_is_read_in_silence(sent: Sent) -> None:
    found = sent.rows("06", "notices")
    doubtful = [one for one in found if one.code == "date_order_in_doubt"]
    assert {one.row for one in doubtful if one.field == "planned_migration_date"} == {3, 4, 6}
    assert all(" or " in one.reason for one in doubtful)
    assert [day for day, _ in sent.notices()] == ["2027-01-25", "None", "None", "2027-03-31", "None"]


def test_01_the_date_cell_is_read_and_the_bare_number_is_named_by_row(sent: Sent) -> None:
    assert codes(sent.rows("01", "notices")) == {(3, "date_as_number"), (3, "no_date")}
    assert [day for day, _ in sent.notices()] == ["2027-03-01", "None"]


@pytest.mark.parametrize("name", ["02-", "02b"])
def test_02_02b_what_was_made_a_date_is_named_and_never_an_address(sent: Sent, name: str) -> None:
    found = sent.rows(name, "register")
    assert {(2, "made_a_date"), (3, "made_a_date")} <= codes(found)
    assert not any(re.search(r"\d{4}-\d|-(Feb|Mar|May)", str(entry["record"])) for entry in sent.entries())


def test_04_one_entry_with_the_number_and_a_notice_opens_a_case(sent: Sent) -> None:
    assert codes(sent.rows("04-row", "register")) == {(3, "repeated_reference"), (4, "repeated_reference")}
    assert [entry["numbers"] for entry in sent.entries()] == [["+441632960108"], ["+441632960109"]]
    sent.rows("04-notices", "notices")
    assert sent.cases() == 2


def test_05_each_reference_has_lost_its_digits_and_none_is_taken_for_another(sent: Sent) -> None:
    found = sent.rows("05", "register")
    assert codes(found, "lost_digits") == {(row, "lost_digits") for row in (2, 3, 4)}
    assert sent.entries() == []


def test_07_null_is_empty_and_the_date_is_flagged(sent: Sent) -> None:
    assert codes(sent.rows("07", "register"), "placeholder_date") == {(4, "placeholder_date")}
    assert "NULL" not in str(sent.entries())


def test_08_errors_are_flagged_and_are_no_value(sent: Sent) -> None:
    found = sent.rows("08", "register")
    assert {one.row for one in found if one.code in ("error_value", "column_too_narrow")} == {2, 3, 4, 5, 6, 7}
    assert not re.search(r"#|\?\?", str(sent.entries()))


def test_09_what_nobody_sees_is_dropped_and_makes_no_second_entry(sent: Sent) -> None:
    assert sent.rows("09", "register") == []
    references = [entry["record"]["entry_id"] for entry in sent.entries()]
    assert sorted(references) == ["TC 1003", "TC1001", "TC1002"]


def test_11_row_5_is_the_headings(sent: Sent) -> None:
    shown = sent.whole("11", "register")
    assert shown.read["Service User ID"] == "entry_id"
    assert len(sent.entries()) == 2
    assert sum(shown.counts.values()) == 2


def test_12_two_rows_of_headings_are_read(sent: Sent) -> None:
    shown = sent.whole("12", "register")
    assert shown.said("two rows")
    assert {"entry_id", "cli"} <= set(shown.read.values())
    assert shown.counts["rejected"] == 0


def test_14_no_row_is_refused_for_a_status_and_the_unknown_ones_are_flagged_with_the_codes(sent: Sent) -> None:
    found = sent.rows("14", "register")
    assert refused(found) == set()
    assert codes(found) == {(row, "unknown_status") for row in (3, 4, 5, 6, 7)}
    assert len(sent.entries()) == 6


def test_15_every_notice_is_kept_and_says_what_can_be_sent(sent: Sent) -> None:
    found = sent.rows("15", "notices")
    assert refused(found) == set()
    assert {row for row, _ in codes(found, "not_a_date", "implausible_date", "no_date")} == {2, 3, 4, 6, 7, 8, 9}
    # 19 January 2027 is no Monday.
    assert (6, "weekday_contradicts") in codes(found)
    assert [day for day, _ in sent.notices()] == [*["None"] * 3, "2027-01-18", *["None"] * 4]


def test_17_the_sectors_are_those_that_were_meant(sent: Sent) -> None:
    found = sent.rows("17", "notices")
    assert {row for row, code in codes(found) if code not in ("not_an_area", "nowhere")} == set()
    assert {row for row, _ in codes(found)} == {4, 6}
    sent.desk.done("import", "register", sent.desk.file("home.json", HOME), "--council", BLACKPOOL)
    sent.api.deployment.put_entries(*HOMES)
    assert sent.cases() == 2


HOMES = [
    {"entry_id": "e1", "postcode": "FY3 8AB", "address_lines": ["1 Row"]},
    {"entry_id": "e2", "postcode": "FY3 9AB", "address_lines": ["1 Row"]},
]
HOME = str(HOMES).replace("'", '"')


def test_18_the_postcode_at_the_end_of_the_address_is_used(sent: Sent) -> None:
    sent.rows("18", "register")
    assert [entry["postcode"] for entry in sent.entries()] == ["FY3 8AB"] * 3


def test_26a_26b_no_register_is_doubled_in_silence(sent: Sent) -> None:
    sent.rows("26a", "register")
    found = sent.rows("26b", "register")
    new = len(sent.entries()) - 5
    assert len({row for row, _ in codes(found, "reference_nearly_the_same", "same_line_other_reference")}) == new == 2


def test_37_the_revised_date_counts(sent: Sent) -> None:
    assert refused(sent.rows("37", "notices")) == set()
    assert [day for day, _ in sent.notices()] == ["2027-01-11", "2027-06-01"]


def test_39_the_headings_are_understood(sent: Sent) -> None:
    assert refused(sent.rows("39", "register")) == set()
    assert [entry["record"]["address_lines"] for entry in sent.entries()] == [
        ["12 Invented Road"],
        ["14 Invented Road"],
    ]
    assert [entry["numbers"] for entry in sent.entries()] == [["+441632960399"], ["+441632960400"]]


def test_46_the_next_of_kins_number_opens_no_case_and_its_columns_are_named(sent: Sent) -> None:
    shown = sent.whole("46-repeated", "register")
    assert sum("Tel No (column H)" in remark or "Post Code (column G)" in remark for remark in shown.remarks) == 2
    sent.rows("46-notices", "notices")
    assert [entry["numbers"] for entry in sent.entries()] == [["+441632960511"]]
    assert sent.cases() == 0


def test_58a_58b_the_answer_says_three_withdrawn_and_which_cases_that_touches(sent: Sent) -> None:
    typed = ("--council", BLACKPOOL, "--replace")
    sent.desk.done("import", "register", sent.desk.file("a.csv", file_of("58a")), *typed)
    sent.desk.done("import", "notices", sent.desk.file("n.csv", file_of("58c")), "--provider", RAVEN)
    for how, words in (("--dry-run", "would end 2 open cases: C-"), ("--match", "ends 2 open cases: C-")):
        said = sent.desk.done("import", "register", sent.desk.file("b.csv", file_of("58b")), *typed, how).words
        assert "3 entries on record" in said
        assert words in said


def test_every_row_of_the_table_has_its_test() -> None:
    readme = (CASES / "README.md").read_text("utf-8")
    named = [line.split("|")[1] for line in readme.splitlines() if re.match(r"\| \d", line)]
    wanted = {name for row in named for name in re.findall(r"\d\d[a-f]?", row)}
    tested = {name for test in globals() if test.startswith("test_") for name in re.findall(r"\d\d[a-f]?", test)}
    assert wanted <= tested
