from __future__ import annotations

from collections import Counter

from schemas.codes import NoticeStatus, Scope
from scripts.samples.numbers import LOST, MENDABLE
from scripts.samples.subjects import COUNTS, Relation
from scripts.samples.world import World
from scripts.samples.writing import ADDRESSES, POSTCODES, UPRNS
from services.core.addresses.postcode import read_postcode
from services.core.clock import london_day
from services.ingest.reading.drafts import Refused
from services.runtime.demo.samples import BASE_DAY
from tests.unit.samples.sample_rows import (
    Entries,
    Notices,
    cells,
    drafts,
    is_before,
    numbers_of,
    plain,
    raw_rows,
)


class TestTheRegisters:
    def test_two_councils_hold_five_hundred_entries(self, entries: Entries) -> None:
        assert len({one.reference for one in entries}) == len(entries) == 500

    def test_no_entry_is_refused_however_dirty(self, entries: Entries) -> None:
        assert not any(isinstance(one, Refused) for one in entries)

    def test_some_entries_are_flagged(self, entries: Entries) -> None:
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

    def test_numbers_written_in_a_way_that_can_be_mended_are_read(self, made: World, entries: Entries) -> None:
        written = {one.reference: one for one in made.services if one.line and one.number_style in MENDABLE}
        unread = [
            one.reference
            for one in drafts(entries)
            if (service := written.get(one.reference)) and one.opened()["numbers"] != [plain(service)]
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

    def test_some_services_have_ended(self, entries: Entries) -> None:
        assert sum(one.facts.service_status == "ended" for one in drafts(entries)) > 20

    def test_the_workbook_holds_a_formula_and_an_error(self, files: dict[str, bytes]) -> None:
        kinds = Counter(kind for row in cells(files["register-cardiff.xlsx"]) for _, kind, _ in row)
        assert kinds["f"] == 1
        assert kinds["e"] == 2


class TestTheNotices:
    def test_three_providers_send_five_thousand(self, files: dict[str, bytes]) -> None:
        sizes = {name: len(raw_rows(name, data)) for name, data in files.items() if name.startswith("notices")}
        assert sizes == {"notices-raven.json": 3_000, "notices-harbour.csv": 1_900, "notices-alder.json": 100}

    def test_only_the_rows_broken_on_purpose_are_refused(self, notices: Notices) -> None:
        refused = Counter(
            (issue.field, issue.code.partition("_")[0])
            for one in notices
            if isinstance(one, Refused)
            for issue in one.issues
        )
        assert refused == {
            ("planned_migration_date", "date"): 2,
            ("planned_migration_date", "implausible"): 1,
            ("id", "missing"): 3,
        }

    def test_a_number_is_the_line_of_one_reference(self, notices: Notices) -> None:
        lines: dict[object, set[str]] = {}
        for one in notices:
            if not isinstance(one, Refused) and one.facts.scope is Scope.LINE:
                lines.setdefault(str(one.opened()["numbers"]), set()).add(one.facts.supersedes or one.reference)
        assert all(len(references) == 1 for references in lines.values())

    def test_several_hundred_concern_the_registers(self, made: World) -> None:
        relations = Counter(one.relation for one in made.subjects)
        assert relations == COUNTS | {Relation.NUMBER: COUNTS[Relation.NUMBER] + 2}

    def test_a_line_that_is_related_by_number_has_a_number_of_the_register(self, made: World) -> None:
        lines = {one.line for one in made.services}
        for one in made.subjects:
            assert (one.number in lines) == (one.relation is Relation.NUMBER)

    def test_the_days_of_harm_of_related_lines_spread_over_every_threshold(self, made: World, notices: Notices) -> None:
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

    def test_some_lines_are_restricted_before_they_are_migrated(self, notices: Notices) -> None:
        dates = [one.facts for one in notices if not isinstance(one, Refused) and one.facts.restriction_on]
        assert len(dates) > 500
        # One is planned for a day that cannot be read.
        assert all(one.planned_on is None or is_before(one.restriction_on, one.planned_on) for one in dates)

    def test_every_standing_is_there(self, notices: Notices) -> None:
        standings = {one.facts.status for one in notices if not isinstance(one, Refused)}
        assert standings == set(NoticeStatus)

    def test_a_few_notices_come_late(self, notices: Notices) -> None:
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

    def test_no_notice_is_issued_after_the_base_day(self, notices: Notices) -> None:
        assert max(one.stamp.at for one in notices if not isinstance(one, Refused)).date() < BASE_DAY
