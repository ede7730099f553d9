from __future__ import annotations

import csv
import io
import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scripts.make_samples import samples
from services.core.addresses.uprn import read_uprn
from services.core.clock import london_day
from services.core.telephone.telephone import read_numbers
from services.ingest.files.table import FileLimits
from services.ingest.reading.drafts import Draft, NoticeFacts, RecordKind, Refused
from services.ingest.reading.sheets import read_sheet
from services.runtime.demo.samples import SAMPLES, rebased
from tests.unit.samples.sample_rows import (
    FICTIONAL,
    NOON,
    SEED,
    Notices,
    cells,
    raw_rows,
    taken_in,
)

COMMITTED = Path(__file__).parents[3] / "samples"


class TestMakingThem:
    def test_the_same_seed_makes_the_same_bytes(self, files: dict[str, bytes]) -> None:
        assert samples(SEED) == files

    def test_another_seed_makes_other_samples(self, files: dict[str, bytes]) -> None:
        other = samples(SEED + 1)
        assert other.keys() == files.keys()
        assert all(other[name] != files[name] for name in files)

    @pytest.mark.parametrize("name", [sample.file_name for sample in SAMPLES])
    def test_the_committed_files_are_those_of_the_seed(self, files: dict[str, bytes], name: str) -> None:
        committed = (COMMITTED / name).read_bytes()
        if name.endswith(".xlsx"):
            assert cells(committed) == cells(files[name])
        else:
            assert committed == files[name]

    def test_every_file_has_its_sender(self, files: dict[str, bytes]) -> None:
        assert set(files) == {sample.file_name for sample in SAMPLES}


class TestNobodyReal:
    def test_every_number_that_can_be_read_is_fictional(self, files: dict[str, bytes]) -> None:
        rows = [row for name, data in files.items() for row in raw_rows(name, data)]
        numbers = [number for row in rows for number in read_numbers(row.fields.get("cli", "")).numbers]
        assert len(numbers) > 5_000
        assert [number for number in numbers if not FICTIONAL.fullmatch(number)] == []

    def test_every_uprn_that_can_be_read_is_invented(self, files: dict[str, bytes]) -> None:
        rows = [row for name, data in files.items() for row in raw_rows(name, data)]
        uprns = [uprn for row in rows if (uprn := read_uprn(row.fields.get("uprn", "")).uprn)]
        assert len(uprns) > 2_000
        assert all(uprn.startswith("9999") for uprn in uprns)

    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("register-blackpool.csv", RecordKind.ENTRY),
            ("register-cardiff.xlsx", RecordKind.ENTRY),
            ("notices-harbour.csv", RecordKind.NOTICE),
        ],
    )
    def test_no_column_is_one_that_must_never_be_kept(
        self, files: dict[str, bytes], name: str, kind: RecordKind
    ) -> None:
        columns = read_sheet(files[name], kind, FileLimits(), None, name).columns
        assert columns.forbidden == ()
        assert columns.missing_required == ()


class TestMovingTheirDates:
    LATER = 400

    def test_every_notice_is_read_as_before_so_many_days_later(self, files: dict[str, bytes], notices: Notices) -> None:
        moved = {name: rebased(data, self.LATER) for name, data in files.items() if name.startswith("notices")}
        now = NOON + timedelta(days=self.LATER)
        again = [one for name, data in moved.items() for one in taken_in(name, data, now)]
        assert [_plan(one, self.LATER) for one in notices] == [_plan(one, 0) for one in again]

    def test_a_date_that_is_none_stays_as_it_is(self, files: dict[str, bytes]) -> None:
        moved = rebased(files["notices-harbour.csv"], self.LATER).decode("cp1252")
        days = {row["Switch Date"] for row in csv.DictReader(io.StringIO(moved))}
        assert {"TBC", "31/02/2027", "25/25/2026", "01/01/1900"} < days

    def test_a_workbook_keeps_its_formula_and_its_numbers(self, files: dict[str, bytes]) -> None:
        before = cells(files["register-cardiff.xlsx"])
        after = cells(rebased(files["register-cardiff.xlsx"], self.LATER))
        for old, new in zip(before, after, strict=True):
            for (value, kind, _), (moved, moved_kind, _) in zip(old, new, strict=True):
                assert kind == moved_kind
                if isinstance(value, datetime):
                    assert moved == value + timedelta(days=self.LATER)
                elif not re.fullmatch(r"\d\d/\d\d/\d{4}", str(value)):
                    assert moved == value

    def test_by_no_days_a_text_stays_byte_for_byte(self, files: dict[str, bytes]) -> None:
        assert rebased(files["notices-raven.json"], 0) == files["notices-raven.json"]

    def test_the_script_makes_them_for_another_day(self, files: dict[str, bytes]) -> None:
        moved = samples(SEED, date(2027, 1, 4))
        assert moved["notices-alder.json"] == rebased(files["notices-alder.json"], 42)


def _plan(one: Draft[NoticeFacts] | Refused, later: int) -> tuple[Any, ...]:
    if isinstance(one, Refused):
        return one.row, one.issues
    days = (one.facts.planned_on, one.facts.restriction_on, london_day(one.stamp.at))
    return one.row, one.reference, *(day and day + timedelta(days=later) for day in days)
