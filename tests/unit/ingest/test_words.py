from __future__ import annotations

import pytest

from schemas.codes import Connection, MigrationKind, NoticeStatus, RestrictionKind, Scope, ServiceStatus, TargetService
from services.ingest.files.words import CODED_FIELDS, read_code, read_yes_no

CODES = {
    "service_status": ServiceStatus,
    "connection": Connection,
    "migration_kind": MigrationKind,
    "target_service": TargetService,
    "status": NoticeStatus,
    "scope": Scope,
    "restriction_kind": RestrictionKind,
}


@pytest.mark.parametrize("field", sorted(CODED_FIELDS))
def test_every_code_stands_for_itself_in_any_dress(field: str) -> None:
    for code in CODES[field]:
        for text in (
            code.value,
            code.value.upper(),
            f" {code.value.replace('_', ' ').title()} ",
            code.value.replace("_", "-"),
        ):
            assert read_code(field, text) == code.value


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("connection", "Analogue", "analogue_line"),
        ("connection", "Analogue line", "analogue_line"),
        ("connection", "PSTN", "analogue_line"),
        ("connection", "SIM", "sim"),
        ("connection", "GSM", "sim"),
        ("connection", "roaming SIM", "sim"),
        ("connection", "not known", "unknown"),
        ("migration_kind", "Non-voluntary", "non_voluntary"),
        ("migration_kind", "NV", "non_voluntary"),
        ("migration_kind", "forced", "non_voluntary"),
        ("target_service", "Digital Voice", "voip"),
        ("target_service", "SOTAP for Analogue", "pdpl"),
        ("service_status", "Live", "active"),
        ("service_status", "Ceased", "ended"),
        ("status", "Cancelled", "withdrawn"),
        ("restriction_kind", "Outgoing calls barred", "outgoing_barred"),
    ],
)
def test_the_words_people_use_are_read_as_codes(field: str, text: str, code: str) -> None:
    assert read_code(field, text) == code


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("service_status", "inactive"),
        ("service_status", "no"),
        ("connection", "digital"),
        ("connection", "broadband"),
        ("status", "closed"),
        ("status", "live"),
        ("status", "unknown"),
        ("scope", ""),
        ("connection", "  "),
    ],
)
def test_a_word_that_could_hide_a_line_at_risk_is_left_to_a_person(field: str, text: str) -> None:
    assert read_code(field, text) is None


@pytest.mark.parametrize("text", ["yes", "Y", "TRUE", " true ", "1", "x"])
def test_yes_is_yes(text: str) -> None:
    assert read_yes_no(text) is True


@pytest.mark.parametrize("text", ["no", "N", "False", "0"])
def test_no_is_no(text: str) -> None:
    assert read_yes_no(text) is False


@pytest.mark.parametrize("text", ["", "maybe", "n/k", "unknown", "2"])
def test_anything_else_is_neither(text: str) -> None:
    assert read_yes_no(text) is None
