from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from services.audit.check import audit_differences
from services.core.differences import Difference
from services.storage.tables import audit, cases, figures
from tests.support.checks.oversight import live_through_december, live_through_november
from tests.support.deployment import Deployment


@pytest.fixture
def november(deployment: Deployment) -> Deployment:
    return live_through_november(deployment)


@pytest.fixture
def december(november: Deployment) -> Deployment:
    return live_through_december(november)


def found(deployment: Deployment) -> list[Difference]:
    with deployment.store.reading() as connection:
        return list(audit_differences(connection, deployment.store))


def everything_said(deployment: Deployment) -> list[Any]:
    with deployment.store.reading() as connection:
        return list(connection.execute(select(audit).order_by(audit.c.pk)))


def test_the_audit_bears_out_every_figure_and_every_case(december: Deployment) -> None:
    assert found(december) == []


def test_a_figure_altered_by_hand_is_found_and_nothing_else(december: Deployment) -> None:
    with december.store.writing() as connection:
        altered = (figures.c.month == "2026-12", figures.c.figure == "migrated_unconfirmed", figures.c.key == "RAVN")
        connection.execute(update(figures).where(*altered).values(count=0))
    assert found(december) == [Difference("2026-12 migrated_unconfirmed provider RAVN", "0", "1")]


def test_a_figure_removed_or_added_by_hand_is_found(december: Deployment) -> None:
    row = {"month": "2026-11", "figure": "holds", "dimension": "kind", "key": "granted", "count": 9}
    with december.store.writing() as connection:
        connection.execute(delete(figures).where(figures.c.month == "2026-12"))
        connection.execute(insert(figures), [row, row | {"month": "2031-13"}])
    differing = found(december)
    assert differing[:2] == [
        Difference("figures of 2031-13", "kept", "never closed"),
        Difference("2026-11 holds kind granted", "9", "not there"),
    ]
    assert {one.what.split()[0] for one in differing[2:]} == {"2026-12"}
    assert {one.on_record for one in differing[2:]} == {"not there"}


def test_the_state_of_a_case_altered_by_hand_is_found_and_nothing_else(december: Deployment) -> None:
    with december.store.writing() as connection:
        reference = connection.scalar(select(cases.c.reference).where(cases.c.state == "migrated_unconfirmed"))
        connection.execute(update(cases).where(cases.c.reference == reference).values(state="closed"))
    assert found(december) == [Difference(f"case {reference}", "closed", "migrated_unconfirmed")]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET action = 'case_closed' WHERE pk = 1",
        "UPDATE audit SET fields = '{}' WHERE pk = 1",
        "UPDATE audit SET at = at + 1",
        "UPDATE audit SET actor_sealed = NULL WHERE actor_sealed IS NOT NULL",
        "DELETE FROM audit WHERE pk = 1",
        "DELETE FROM audit",
    ],
)
def test_the_database_refuses_to_change_or_remove_what_the_audit_says(november: Deployment, statement: str) -> None:
    before = everything_said(november)
    with pytest.raises(DBAPIError, match="append-only"), november.store.writing() as connection:
        connection.execute(text(statement))
    assert everything_said(november) == before


def test_only_the_seal_of_a_row_may_be_made_anew(november: Deployment) -> None:
    sealed = audit.c.actor_sealed.is_not(None)
    with november.store.writing() as connection:
        assert connection.execute(update(audit).where(sealed).values(actor_sealed=b"anew")).rowcount > 0


def test_a_row_cannot_be_put_in_the_place_of_another(november: Deployment) -> None:
    # SQLite's REPLACE would remove the other row without an error. PostgreSQL refuses such a row.
    before = everything_said(november)
    row = {"pk": 1, "at": november.clock.now(), "action": "case_opened", "fields": {}}
    with pytest.raises(DBAPIError), november.store.writing() as connection:
        connection.execute(insert(audit).prefix_with("OR REPLACE", dialect="sqlite"), row)
    assert everything_said(november) == before
