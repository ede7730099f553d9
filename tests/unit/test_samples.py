"""The sample registers and notices: made anew they are the same, they are about nobody real, they show much."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from schemas.codes import NoticeStatus, Scope
from scripts.make_samples import samples
from scripts.samples.numbers import LOST, MENDABLE
from scripts.samples.services import Service
from scripts.samples.subjects import COUNTS, Relation
from scripts.samples.world import World, world
from scripts.samples.writing import ADDRESSES, POSTCODES, UPRNS
from services.core.addresses.postcode import read_postcode
from services.core.addresses.uprn import read_uprn
from services.core.clock import london_day
from services.core.telephone.telephone import read_numbers
from services.ingest.files.table import FileLimits
from services.ingest.reading.drafts import Draft, EntryFacts, NoticeFacts, RawRow, RecordKind, Refused
from services.ingest.reading.rules import read_entry, read_notice
from services.ingest.reading.sheets import read_sheet
from services.runtime.demo.samples import BASE_DAY, SAMPLES, rebased

COMMITTED = Path(__file__).parents[2] / "samples"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
FICTIONAL = re.compile(
    r"\+44(1632960\d{3}|2079460\d{3}|11[345678]4960\d{3}|1[23456]14960\d{3}|1914980\d{3}|2920180\d{3}|7700900\d{3})"
)
SEED = 2027


@pytest.fixture(scope="module")
def made() -> World:
    return world(SEED)


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return samples(SEED)


def feed_of(name: str) -> str:
    return next(sample.feed_id for sample in SAMPLES if sample.file_name == name)


def raw_rows(name: str, data: bytes) -> list[RawRow]:
    if name.endswith(".json"):
        return [RawRow(number, fields) for number, fields in enumerate(json.loads(data)["notices"], start=1)]
    kind = RecordKind.ENTRY if name.startswith("register") else RecordKind.NOTICE
    return list(read_sheet(data, kind, FileLimits(), None, name).rows)


def taken_in(name: str, data: bytes, now: datetime = NOON) -> list[Draft[Any] | Refused]:
    sender = feed_of(name).partition(":")[2]
    rows = raw_rows(name, data)
    if name.startswith("register"):
        return [read_entry(row, now) for row in rows]
    return [read_notice(row, sender, now) for row in rows]


@pytest.fixture(scope="module")
def entries(files: dict[str, bytes]) -> list[Draft[EntryFacts] | Refused]:
    return [one for name in files if name.startswith("register") for one in taken_in(name, files[name])]


@pytest.fixture(scope="module")
def notices(files: dict[str, bytes]) -> list[Draft[NoticeFacts] | Refused]:
    return [one for name in files if name.startswith("notices") for one in taken_in(name, files[name])]


def drafts(read: list[Draft[EntryFacts] | Refused]) -> list[Draft[EntryFacts]]:
    return [one for one in read if isinstance(one, Draft)]


def numbers_of(draft: Draft[NoticeFacts]) -> set[str]:
    private: Mapping[str, Any] = draft.private
    return set(private["numbers"])


def plain(service: Service) -> str:
    assert service.line is not None
    return MENDABLE["+44"](service.line)


def is_before(first: date | None, second: date | None) -> bool:
    return first is not None and second is not None and first < second


def cells(data: bytes) -> list[list[tuple[Any, str, str]]]:
    sheets = openpyxl.load_workbook(io.BytesIO(data)).worksheets
    return [[(cell.value, cell.data_type, cell.number_format) for cell in row] for sheet in sheets for row in sheet]


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


class TestTheRegisters:
    def test_two_councils_hold_five_hundred_entries(self, entries: list[Draft[EntryFacts] | Refused]) -> None:
        assert len({one.reference for one in entries}) == len(entries) == 500

    def test_no_entry_is_refused_however_dirty(self, entries: list[Draft[EntryFacts] | Refused]) -> None:
        assert not any(isinstance(one, Refused) for one in entries)

    def test_some_entries_are_flagged(self, entries: list[Draft[EntryFacts] | Refused]) -> None:
        assert 20 <= sum(bool(one.issues) for one in entries) <= 60

    def test_every_way_of_writing_a_number_is_there(self, made: World) -> None:
        expected = {*MENDABLE, *LOST, "two numbers", "mobile", "none"}
        assert {one.number_style for one in made.services} == expected

    def test_every_way_of_writing_a_place_is_there(self, made: World) -> None:
        assert {one.uprn_style for one in made.services} == set(UPRNS)
        assert {one.address_style for one in made.services} == set(ADDRESSES)
        assert {one.postcode_style for one in made.services} == set(POSTCODES)

    def test_letters_stand_for_digits_in_some_postcodes(self, made: World) -> None:
        postcodes = {one.postcode for one in made.services}
        assert any("O" in postcode for postcode in postcodes)
        assert any("I" in postcode for postcode in postcodes)

    def test_numbers_written_in_a_way_that_can_be_mended_are_read(
        self, made: World, entries: list[Draft[EntryFacts] | Refused]
    ) -> None:
        written = {one.reference: one for one in made.services if one.line and one.number_style in MENDABLE}
        unread = [
            one.reference
            for one in drafts(entries)
            if (service := written.get(one.reference)) and one.private["numbers"] != (plain(service),)
        ]
        assert len(unread) == 1, "only the cell that holds a formula"

    def test_the_flats_of_a_scheme_share_one_line(self, made: World) -> None:
        lines = Counter((one.scheme, one.line) for one in made.services if one.scheme)
        assert list(lines.values()) == [12, 12]

    def test_two_people_live_in_some_homes(self, made: World) -> None:
        homes = Counter(one.home for one in made.services)
        assert Counter(homes.values()) == {1: 488, 2: 6}

    def test_a_unit_with_a_sim_card_has_no_number(self, made: World) -> None:
        units = [one for one in made.services if one.connection == "sim"]
        assert len(units) > 20
        assert all(one.line is None and one.cell == "" for one in units)

    def test_some_services_have_ended(self, entries: list[Draft[EntryFacts] | Refused]) -> None:
        assert sum(one.facts.service_status == "ended" for one in drafts(entries)) > 20

    def test_the_workbook_holds_a_formula_and_an_error(self, files: dict[str, bytes]) -> None:
        kinds = Counter(kind for row in cells(files["register-cardiff.xlsx"]) for _, kind, _ in row)
        assert kinds["f"] == 1
        assert kinds["e"] == 2


class TestTheNotices:
    def test_three_providers_send_five_thousand(self, files: dict[str, bytes]) -> None:
        sizes = {name: len(raw_rows(name, data)) for name, data in files.items() if name.startswith("notices")}
        assert sizes == {"notices-raven.json": 3_000, "notices-harbour.csv": 1_900, "notices-alder.json": 100}

    def test_only_the_rows_broken_on_purpose_are_refused(self, notices: list[Draft[NoticeFacts] | Refused]) -> None:
        refused = Counter(
            (issue.field, issue.code.partition("_")[0])
            for one in notices
            if isinstance(one, Refused)
            for issue in one.issues
        )
        assert refused == {
            ("planned_migration_date", "date"): 5,
            ("planned_migration_date", "implausible"): 2,
            ("id", "missing"): 3,
        }

    def test_a_number_is_the_line_of_one_reference(self, notices: list[Draft[NoticeFacts] | Refused]) -> None:
        lines: dict[object, set[str]] = {}
        for one in notices:
            if not isinstance(one, Refused) and one.facts.scope is Scope.LINE:
                lines.setdefault(one.private["numbers"], set()).add(one.facts.supersedes or one.reference)
        assert all(len(references) == 1 for references in lines.values())

    def test_several_hundred_concern_the_registers(self, made: World) -> None:
        relations = Counter(one.relation for one in made.subjects)
        assert relations == COUNTS | {Relation.NUMBER: COUNTS[Relation.NUMBER] + 2}

    def test_a_line_that_is_related_by_number_has_a_number_of_the_register(self, made: World) -> None:
        lines = {one.line for one in made.services}
        for one in made.subjects:
            assert (one.number in lines) == (one.relation is Relation.NUMBER)

    def test_the_days_of_harm_of_related_lines_spread_over_every_threshold(
        self, made: World, notices: list[Draft[NoticeFacts] | Refused]
    ) -> None:
        related = {MENDABLE["+44"](one.number) for one in made.subjects}
        days = [
            (min(filter(None, (one.facts.planned_on, one.facts.restriction_on))) - BASE_DAY).days
            for one in notices
            if not isinstance(one, Refused) and related & numbers_of(one)
        ]
        spans = ((-30, -1), (0, 2), (3, 7), (8, 14), (15, 28), (29, 56), (57, 180))
        counts = [sum(first <= day <= last for day in days) for first, last in spans]
        assert min(counts) >= 5
        assert counts[-1] == max(counts)

    def test_some_lines_are_restricted_before_they_are_migrated(
        self, notices: list[Draft[NoticeFacts] | Refused]
    ) -> None:
        dates = [one.facts for one in notices if not isinstance(one, Refused) and one.facts.restriction_on]
        assert len(dates) > 500
        assert all(is_before(one.restriction_on, one.planned_on) for one in dates)

    def test_every_standing_is_there(self, notices: list[Draft[NoticeFacts] | Refused]) -> None:
        standings = {one.facts.status for one in notices if not isinstance(one, Refused)}
        assert standings == set(NoticeStatus)

    def test_a_few_notices_come_late(self, notices: list[Draft[NoticeFacts] | Refused]) -> None:
        ahead = [
            (min(filter(None, (one.facts.planned_on, one.facts.restriction_on))) - london_day(one.stamp.at)).days
            for one in notices
            if not isinstance(one, Refused) and one.facts.planned_on and one.facts.status is NoticeStatus.PLANNED
        ]
        assert 0.02 < sum(days < 7 for days in ahead) / len(ahead) < 0.05

    def test_areas_are_named_by_postcode_sector_and_outward_code(self, made: World) -> None:
        codes = [code for one in made.alder for code in one.get("area_codes", ())]
        assert {"FY1 7", "CF24", "Fylde"} < set(codes)
        assert sum(read_postcode(code) is not None for code in codes) > 10

    def test_a_superseding_notice_names_one_that_is_there(self, made: World) -> None:
        references = {one["provider_reference"] for one in made.alder}
        replaced = [one["supersedes"] for one in made.alder if "supersedes" in one]
        assert len(replaced) == 3
        assert set(replaced) <= references

    def test_no_notice_is_issued_after_the_base_day(self, notices: list[Draft[NoticeFacts] | Refused]) -> None:
        assert max(one.stamp.at for one in notices if not isinstance(one, Refused)).date() < BASE_DAY


class TestMovingTheirDates:
    LATER = 400

    def test_every_notice_is_read_as_before_so_many_days_later(
        self, files: dict[str, bytes], notices: list[Draft[NoticeFacts] | Refused]
    ) -> None:
        moved = {name: rebased(data, self.LATER) for name, data in files.items() if name.startswith("notices")}
        now = NOON + timedelta(days=self.LATER)
        again = [one for name, data in moved.items() for one in taken_in(name, data, now)]
        assert [_plan(one, self.LATER) for one in notices] == [_plan(one, 0) for one in again]

    def test_a_date_that_is_none_stays_as_it_is(self, files: dict[str, bytes]) -> None:
        moved = rebased(files["notices-harbour.csv"], self.LATER).decode("cp1252")
        days = {row["Switch Date"] for row in csv.DictReader(io.StringIO(moved))}
        assert {"TBC", "31/02/2027", "12/25/2026", "01/01/1900"} < days

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
