from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schemas.notice import MigrationNotice
from schemas.register_entry import RegisterEntry
from services.ingest.files.problems import CellCode, CellProblem
from services.ingest.files.table import SheetRow
from services.ingest.reading.column_names import FIELD_NAMES, LISTS, MANY_COLUMNS
from services.ingest.reading.columns import known_heading, map_columns, row_fields, row_problems
from services.ingest.reading.drafts import RecordKind

ENTRY, NOTICE = RecordKind.ENTRY, RecordKind.NOTICE
GUIDE = Path(__file__).parents[3] / "docs" / "reference" / "spreadsheets.md"


def field_of(heading: str, kind: RecordKind = ENTRY) -> str | None:
    return map_columns([heading], kind).fields.get(0)


def fields_of(headings: list[str], cells: list[str], kind: RecordKind = ENTRY) -> dict[str, Any]:
    return row_fields(SheetRow(2, tuple(cells)), map_columns(headings, kind))


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Tel No", "cli"),
        ("phone", "cli"),
        ("TELEPHONE_NUMBER", "cli"),
        ("CLI", "cli"),
        ("Landline", "cli"),
        ("Alarm phone", "cli"),
        ("Home phone:", "cli"),
        ("Post Code", "postcode"),
        ("PCODE", "postcode"),
        ("UPRN*", "uprn"),
        ("Unique Property Reference", "uprn"),
        ("Addr1", "address_lines"),
        ("Full address", "address_lines"),
        ("Town/City", "post_town"),
        ("Service user ref", "entry_id"),
        ("Client ref.", "entry_id"),
        ("caseID", "entry_id"),
        ("Device", "device_kind"),
        ("Equipment", "device_kind"),
        ("Make & Model", "make_model"),
        ("Last test (dd/mm/yyyy)", "last_successful_test_at"),
        ("Scheme name", "scheme_id"),
    ],
)
def test_headings_of_a_register_are_known_by_their_usual_names(heading: str, field: str) -> None:
    assert field_of(heading) == field


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Migration date", "planned_migration_date"),
        ("Switch date", "planned_migration_date"),
        ("Cutover date", "planned_migration_date"),
        ("Order ref", "provider_reference"),
        ("Barred from", "restriction_start_date"),
        ("Postcodes", "area_codes"),
        ("Exchange", "exchange"),
        ("Engaged?", "customer_engaged"),
    ],
)
def test_headings_of_notices_are_known_by_their_usual_names(heading: str, field: str) -> None:
    assert field_of(heading, NOTICE) == field


@pytest.mark.parametrize("kind", RecordKind)
def test_every_field_is_known_by_its_own_name(kind: RecordKind) -> None:
    for name in FIELD_NAMES[kind]:
        assert field_of(name, kind) == name


@pytest.mark.parametrize(("kind", "model"), [(ENTRY, RegisterEntry), (NOTICE, MigrationNotice)])
def test_the_fields_are_those_of_the_published_record(
    kind: RecordKind, model: type[MigrationNotice | RegisterEntry]
) -> None:
    assert set(FIELD_NAMES[kind]) == set(model.model_fields)


@pytest.mark.parametrize("kind", RecordKind)
def test_the_guide_for_senders_names_every_field(kind: RecordKind) -> None:
    guide = GUIDE.read_text("utf-8")
    assert [name for name in FIELD_NAMES[kind] if f"`{name}`" not in guide] == []


def test_no_heading_stands_for_two_fields() -> None:
    for kind in RecordKind:
        for name, synonyms in FIELD_NAMES[kind].items():
            assert {field_of(synonym, kind) for synonym in synonyms} == {name}


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Telehpone number", "cli"),
        ("Unique Proprety Refrence", "uprn"),
        ("Postocde", "postcode"),
        ("Equipmnet", "device_kind"),
    ],
)
def test_a_typing_error_in_a_long_heading_is_forgiven(heading: str, field: str) -> None:
    assert field_of(heading) == field


@pytest.mark.parametrize(
    "heading", ["Tele", "Arx", "Fone", "Upvn", "Old telephone", "Mobile", "Wallpaper", "Line used 24m"]
)
def test_a_short_or_different_heading_is_not_guessed(heading: str) -> None:
    assert map_columns([heading], ENTRY).unmapped == (f"{heading} (column A)",)


def test_an_unknown_heading_is_named_with_its_column_letter() -> None:
    assert map_columns(["Case ID", "Wallpaper"], ENTRY).unmapped == ("Wallpaper (column B)",)


def test_a_heading_that_looks_like_a_number_is_named_by_its_letter_only() -> None:
    assert map_columns(["Case ID", "01632 960123"], ENTRY).unmapped == ("column B",)


@pytest.mark.parametrize(
    "heading",
    [
        "Name",
        "Resident's Name",
        "Surname",
        "First name",
        "Full Name of Client (Mr/Mrs)",
        "DOB",
        "Date of Birth",
        "NHS Number",
        "Primary diagnosis",
        "Key safe code",
        "Account number",
        "Reason for need",
        "Next of kin",
        "Phone (carer)",
        "Emergency contact number",
        "Date of brith",
    ],
)
def test_columns_that_must_never_be_kept_are_recognised_and_dropped(heading: str) -> None:
    column_map = map_columns(["Case ID", "Tel", heading], ENTRY)
    assert column_map.fields == {0: "entry_id", 1: "cli"}
    assert column_map.forbidden == (f"{heading} (column C)",)
    assert f"Not read and not kept: {heading} (column C). Please leave this column out." in column_map.remarks()
    assert row_fields(SheetRow(2, ("C1", "01632 960123", "secret")), column_map) == {
        "entry_id": "C1",
        "cli": "01632 960123",
    }


def test_a_telecare_column_is_not_taken_for_a_carers() -> None:
    assert map_columns(["Telecare record type"], ENTRY).forbidden == ()


def test_of_two_columns_for_one_field_the_first_is_read_and_the_other_reported() -> None:
    column_map = map_columns(["Client ref", "Case ID", "Tel"], ENTRY)
    assert column_map.fields == {0: "entry_id", 2: "cli"}
    (clash,) = column_map.clashes
    assert (clash.field, clash.read, clash.not_read) == ("entry_id", "Client ref (column A)", "Case ID (column B)")


def test_a_fields_own_name_beats_an_earlier_synonym_and_a_synonym_a_typing_error() -> None:
    assert map_columns(["Client ref", "entry_id"], ENTRY).fields == {1: "entry_id"}
    assert map_columns(["Equipmnet", "Device"], ENTRY).fields == {1: "device_kind"}


def test_of_two_whole_addresses_only_the_first_is_read() -> None:
    headings = ["Case ID", "Property address", "Postal address"]
    assert fields_of(headings, ["C1", "18 High Street", "1 Other Road"])["address_lines"] == ["18 High Street"]
    assert map_columns(headings, ENTRY).clashes[0].not_read == "Postal address (column C)"


def test_telephone_numbers_of_several_columns_are_joined() -> None:
    fields = fields_of(["Case ID", "Tel 1", "Tel 2", "Alarm line"], ["C1", "01632 960123", "", "01632 960124"])
    assert fields["cli"] == "01632 960123 / 01632 960124"


def test_numbered_address_columns_come_in_the_order_of_their_numbers() -> None:
    fields = fields_of(
        ["Case ID", "Address 2", "Address 1", "Address 10"], ["C1", "High Street", "Rose Cottage", "Village"]
    )
    assert fields["address_lines"] == ["Rose Cottage", "High Street", "Village"]


def test_a_flat_a_house_number_and_a_street_in_columns_of_their_own_make_an_address() -> None:
    fields = fields_of(["Case ID", "Flat", "House no", "Street", "Town"], ["C1", "3", "18", "High Street", "Blackpool"])
    assert fields["address_lines"] == ["Flat 3", "18 High Street"]
    assert fields["post_town"] == "Blackpool"


def test_a_whole_address_in_one_cell_is_split_and_keeps_a_scottish_flat_together() -> None:
    assert fields_of(["Case ID", "Address"], ["C1", "Flat 2/1, 18 High Street\nGlasgow"])["address_lines"] == [
        "Flat 2/1",
        "18 High Street",
        "Glasgow",
    ]


def test_an_address_of_many_parts_keeps_them_all_in_eight_lines() -> None:
    lines = fields_of(["Case ID", "Address"], ["C1", ", ".join(f"Part {letter}" for letter in "ABCDEFGHIJ")])[
        "address_lines"
    ]
    assert len(lines) == 8
    assert lines[-1] == "Part H, Part I, Part J"


def test_several_areas_in_one_cell_become_a_list() -> None:
    fields = fields_of(["Notice ID", "Postcodes"], ["N1", "FY3 8, FY3 9;FY4"], NOTICE)
    assert fields["area_codes"] == ["FY3 8", "FY3 9", "FY4"]


def test_an_empty_cell_is_no_value() -> None:
    assert fields_of(["Case ID", "Tel", "Address 1", "UPRN"], ["C1", "", "", ""]) == {"entry_id": "C1"}


def test_missing_columns_without_which_no_row_can_be_used_are_named() -> None:
    column_map = map_columns(["Device", "Town"], ENTRY)
    assert column_map.missing_required == (("entry_id",), ("cli", "uprn", "postcode", "address_lines"))
    assert "Missing: a column for cli or uprn or postcode or address_lines." in column_map.remarks()
    assert map_columns(["Case ID", "UPRN"], ENTRY).missing_required == ()
    assert map_columns(["Order ref", "Postcodes"], NOTICE).missing_required == ()


def test_problems_in_columns_that_are_not_read_are_left_out() -> None:
    column_map = map_columns(["Case ID", "Tel", "Surname"], ENTRY)
    found = [
        CellProblem(CellCode.FORMULA, 2, 2, "Surname (column C)"),
        CellProblem(CellCode.FORMULA, 2, 1, "Tel (column B)"),
        CellProblem(CellCode.NO_HEADING, 2, 3, "column D"),
        CellProblem(CellCode.NUL_BYTES, 2, None, ""),
    ]
    assert row_problems(SheetRow(2, ("C1", "", ""), tuple(found)), column_map) == tuple(found[1:])


def test_the_row_of_headings_is_found_by_exact_names_only() -> None:
    known = known_heading(ENTRY)
    assert known("Tel No")
    assert known("Surname")
    assert not known("Telehpone")
    assert not known("01632 960123")


def test_fields_of_several_columns_and_lists_are_fields_of_some_record() -> None:
    assert set().union(*FIELD_NAMES.values()) >= MANY_COLUMNS | LISTS
