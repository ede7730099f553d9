from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.reading.columns import map_columns
from services.ingest.reading.drafts import RecordKind
from tests.support.checks.spreadsheet_answers import answer_on
from tests.support.command_line import Desk
from tests.support.http import Api
from tests.support.ways_in import CASES

ENTRY, NOTICE = RecordKind.ENTRY, RecordKind.NOTICE


def test_every_column_of_case_39_is_read(desk: Desk, api: Api) -> None:
    shown = answer_on("register", (CASES / "39-house.csv").read_bytes(), desk, api)
    assert list(shown.read.values()) == ["entry_id", "address_lines", "address_lines", "postcode", "cli"]
    assert (shown.counts["accepted"], shown.remarks) == (2, [])


def test_a_bilingual_register_is_read(desk: Desk, api: Api) -> None:
    headings = "Cyfeirnod / Reference,Rhif ffôn | Telephone number,Cyfeiriad / Address,Cod post / Postcode,Enw / Name"
    shown = answer_on("register", f"{headings}\nC1,01632 960135,12 Heol Newydd,CF10 1AA,Dai\n".encode(), desk, api)
    assert list(shown.read.values()) == ["entry_id", "cli", "address_lines", "postcode"]
    assert shown.said("Not read and not kept", "Enw / Name (column E)")


@pytest.mark.parametrize(
    ("heading", "kind", "field"),
    [
        ("Cod post", ENTRY, "postcode"),
        ("Côd post", ENTRY, "postcode"),
        ("Rhif ffon", ENTRY, "cli"),
        ("Cyfeiriad 1", ENTRY, "address_lines"),
        ("Cyfeirnod", ENTRY, "entry_id"),
        ("Cyfeirnod", NOTICE, "provider_reference"),
        ("Dyddiad mudo", NOTICE, "planned_migration_date"),
        ("Dyddiad mudo / Migration date", NOTICE, "planned_migration_date"),
        ("Cod post Postcode", ENTRY, "postcode"),
        ("Rhif ffôn Telephone number", ENTRY, "cli"),
        ("Postcode - Cod post", ENTRY, "postcode"),
        ("Cod Post (Postcode)", ENTRY, "postcode"),
        ("Rhywbeth / Tel No", ENTRY, "cli"),
        ("Home Tel No", ENTRY, "cli"),
        ("Home Phone Num", ENTRY, "cli"),
        ("HomeTelNo", ENTRY, "cli"),
        ("House Num/Name", ENTRY, "address_lines"),
        ("Service User No", ENTRY, "entry_id"),
        ("Client Reference", ENTRY, "entry_id"),
        ("Tel / Postcode", ENTRY, None),
        ("Start / End date", ENTRY, None),
        ("Rhif ffôn perthynas agosaf", ENTRY, None),
        ("Tel / Email", ENTRY, None),
        ("Cyfenw", ENTRY, None),
        ("Ffôn gofalwr / Carer phone", ENTRY, None),
    ],
)
def test_forms_of_a_heading(heading: str, kind: RecordKind, field: str | None) -> None:
    assert map_columns([heading], kind).fields.get(0) == field


WELSH = [("Cod post", "Postcode"), ("Rhif ffôn", "Telephone"), ("Cyfeiriad", "Address"), ("Cyfeirnod", "Reference")]


@given(st.sampled_from(WELSH), st.booleans(), st.sampled_from([" / ", "/", " | ", " - ", " ", "\n"]))
def test_two_languages_in_any_order_and_with_any_sign(pair: tuple[str, str], is_turned: bool, sign: str) -> None:
    parts = pair[::-1] if is_turned else pair
    alone = map_columns([pair[1]], ENTRY).fields
    assert map_columns([sign.join(parts)], ENTRY).fields == alone
