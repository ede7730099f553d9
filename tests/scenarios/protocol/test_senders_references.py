from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from services.storage.secrets.reseal import SEALED_COLUMNS
from services.storage.tables import submission_outcomes
from tests.support.http import CSV, ENTRIES, NOTICE, NOTICES, REGISTER_UPLOADS, Api
from tests.support.ledger import rows

BAD_DAY = {"planned_migration_date": "soon"}


def named(rows_with_issues: list[dict[str, Any]]) -> list[tuple[int, str | None, str]]:
    return [(row["row"], row["reference"], row["outcome"]) for row in rows_with_issues]


@pytest.mark.parametrize(
    ("row", "reference"),
    [
        ({**NOTICE, **BAD_DAY, "id": "m-1"}, "m-1"),
        ({**NOTICE, **BAD_DAY, "id": "m-1", "provider_reference": "RT-1"}, "RT-1"),
        ({"id": "m-2", "cli": "no number"}, "m-2"),
        ({"cli": "01632 960123"}, None),
        ("no object", None),
        # A reference that could identify a person is not repeated.
        ({**BAD_DAY, "id": "01632 960123", "cli": "01632 960123"}, None),
        ({**BAD_DAY, "id": "01632960123", "cli": "01632 960123"}, None),
        ({**BAD_DAY, "id": "Smith", "cli": "01632 960123"}, None),
        ({**BAD_DAY, "id": "12 Tower Road", "cli": "01632 960123"}, None),
        ({**BAD_DAY, "id": "100012345678", "cli": "01632 960123"}, None),
        ({**BAD_DAY, "id": "FY38AB", "cli": "01632 960123"}, None),
    ],
)
def test_a_provider_is_answered_with_its_own_reference(api: Api, row: Any, reference: str | None) -> None:
    answer = api.ask("raven", "POST", NOTICES, json=[row]).json()
    assert [name for _, name, _ in named(answer["rows_with_issues"])] == [reference]
    stored = api.ask("raven", "GET", f"/v1/submissions/{answer['submission']}").json()
    assert [name for _, name, _ in named(stored["rows"])] == [reference]


def test_a_council_is_answered_with_its_own_reference_in_every_answer(api: Api) -> None:
    file = b"Case ID,Tel No,Postcode\r\nTC/1,01632 960123,FY3 8AB\r\nTC/2,12,\r\nTC/3,13,\r\n"
    sent: dict[str, Any] = {"content": file, "headers": {"Content-Type": CSV, "Idempotency-Key": "monday"}}
    dry = api.ask("blackpool", "POST", f"{REGISTER_UPLOADS}?dry_run=true", **sent).json()
    first, again = (api.ask("blackpool", "POST", REGISTER_UPLOADS, **sent).json() for _ in range(2))
    page = api.ask("blackpool", "GET", f"/v1/submissions/{first['submission']}").json()
    for shown in (*(answer["rows_with_issues"] for answer in (dry, first, again)), page["rows"]):
        assert [(row["row"], row["reference"]) for row in shown] == [(2, "TC/1"), (3, "TC/2"), (4, "TC/3")]


def test_rows_that_were_read_together_have_one_reference(api: Api) -> None:
    file = b"Case ID,Tel No,Postcode\r\nTC/1,01632 960123,FY3 8AB\r\nTC/1,01632 960124,FY3 8AB\r\n"
    answer = api.ask("blackpool", "POST", REGISTER_UPLOADS, content=file, headers={"Content-Type": CSV}).json()
    page = api.ask("blackpool", "GET", f"/v1/submissions/{answer['submission']}").json()
    assert [row["reference"] for row in page["rows"]] == ["TC/1", "TC/1"]


def test_a_stale_row_is_named_by_its_reference(api: Api) -> None:
    api.ask("raven", "POST", NOTICES, json=NOTICE)
    late = {**NOTICE, "issued_at": "2026-11-01T09:00:00Z", "planned_migration_date": "2027-01-01"}
    answer = api.ask("raven", "POST", NOTICES, json=late).json()
    assert named(answer["rows_with_issues"]) == [(1, "n1", "stale")]


def test_a_reference_is_stored_sealed_only(api: Api) -> None:
    api.ask("blackpool", "PUT", ENTRIES, json={"entry_id": "SmithTowerRoad", "cli": "12"})
    (stored,) = rows(api.deployment, submission_outcomes)
    assert "SmithTowerRoad" not in repr(stored)
    assert "references_sealed" in [column.name for column in SEALED_COLUMNS]


def test_damage_to_the_references_hides_no_outcome(api: Api) -> None:
    answer = api.ask("blackpool", "PUT", ENTRIES, json={"entry_id": "e1", "cli": "12"}).json()
    with api.deployment.store.writing() as connection:
        (sealed,) = connection.scalars(select(submission_outcomes.c.references_sealed))
        connection.execute(update(submission_outcomes).values(references_sealed=sealed[:-1] + b"\x00\x01"))
    page = api.ask("blackpool", "GET", f"/v1/submissions/{answer['submission']}")
    assert named(page.json()["rows"]) == [(1, None, "accepted_with_warnings")]
