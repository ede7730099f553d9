from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import text

from services.alerts.case.due_check import due_differences
from services.audit.check import audit_differences
from services.core.differences import Difference
from services.ingest.recording.sealed_check import sealed_differences
from services.storage.database.engine import make_engine
from services.storage.secrets.keys import Role, create_key, revoke_key
from services.storage.store import Store
from tests.support.checks.oversight import live_through_december, live_through_november
from tests.support.clock import FrozenClock
from tests.support.deployment import RAVEN, Deployment, make_store, sqlite_engine

AREAS = ("FY3 8", "FY3 9", "FY4")


@pytest.fixture(scope="module")
def two_months(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, datetime]:
    # The deployment has two API keys, of which one is revoked.
    folder = tmp_path_factory.mktemp("lived")
    deployment = Deployment(sqlite_engine(folder)).with_officers()
    key = create_key(deployment.store, Role.PROVIDER, RAVEN, "one")
    create_key(deployment.store, Role.PROVIDER, RAVEN, "other")
    revoke_key(deployment.store, key.split(".")[1])
    live_through_december(live_through_november(deployment))
    announce_areas(deployment)
    deployment.store.engine.dispose()
    return (folder / "pullcord.db").read_bytes(), deployment.clock.now()


def announce_areas(deployment: Deployment) -> None:
    rows = [{"id": f"a{one}", "scope": "postcode", "area_codes": [code]} for one, code in enumerate(AREAS)]
    deployment.post_notices(*(row | {"issued_at": "2026-12-01T09:00:00Z"} for row in rows))
    deployment.settle()
    later = {"issued_at": "2026-12-02T09:00:00Z"}
    deployment.post_notices(rows[0] | later | {"status": "withdrawn"}, rows[1] | later | {"area_codes": ["FY5"]})
    deployment.settle()


@pytest.fixture
def lived(two_months: tuple[bytes, datetime], tmp_path: Path) -> Iterator[Store]:
    database, end = two_months
    (tmp_path / "lived.db").write_bytes(database)
    engine = make_engine(f"sqlite:///{tmp_path / 'lived.db'}")
    yield make_store(engine, FrozenClock(end))
    engine.dispose()


def by_sql(store: Store, *statements: str) -> int:
    """Run the statements, and return the number of changed rows."""
    # Constraints are switched off.
    with store.engine.connect() as connection:
        # The driver's own connection, because a statement of ours would begin a transaction.
        raw = connection.connection.driver_connection
        assert raw is not None
        connection.rollback()
        raw.execute("PRAGMA ignore_check_constraints = ON")
        raw.execute("PRAGMA foreign_keys = OFF")
        # A statement that changes no row of a table, such as DROP, counts as -1.
        changed: int = sum(max(0, raw.execute(statement).rowcount) for statement in statements)
        raw.execute("PRAGMA ignore_check_constraints = OFF")
        raw.execute("PRAGMA foreign_keys = ON")
    return changed


def found(store: Store) -> list[Difference]:
    with store.reading() as connection:
        checks = (audit_differences, due_differences, sealed_differences)
        return [one for check in checks for one in check(connection, store)]


ENDED = "('post_check_passed', 'closed', 'false_match', 'service_ended', 'notice_withdrawn')"
ONE = "(SELECT MIN(pk) FROM {})"
# A statement, and the beginning of what is found.
CHANGES = {
    "an open case is never looked at again": (f"UPDATE cases SET due_at = NULL WHERE state NOT IN {ENDED}", "case "),
    "an open case is looked at years later": (
        f"UPDATE cases SET due_at = due_at * 2 WHERE state NOT IN {ENDED}",
        "case ",
    ),
    "a case is over": ("UPDATE cases SET state = 'closed' WHERE state <> 'closed'", "case "),
    "a case is gone": ("DELETE FROM cases WHERE pk = (SELECT MAX(pk) FROM cases)", "case "),
    "a case goes to another council": ("UPDATE cases SET feed_id = 'council:W06000015'", "case "),
    "the tokens of an entry are gone": ("DELETE FROM entry_tokens", "register entry "),
    "the tokens of a notice are gone": ("DELETE FROM notice_tokens", "notice "),
    "one token of an entry is gone": (
        "DELETE FROM entry_tokens WHERE token = (SELECT MIN(token) FROM entry_tokens)",
        "register entry ",
    ),
    "a token is another": (
        "UPDATE OR IGNORE notice_tokens SET token = zeroblob(16) WHERE token = (SELECT MIN(token) FROM notice_tokens)",
        "notice ",
    ),
    "an acknowledgement is gone": (
        "UPDATE alerts SET acknowledged_at = NULL WHERE acknowledged_at IS NOT NULL",
        "alert ",
    ),
    "an acknowledgement that nobody made": (
        "UPDATE alerts SET acknowledged_at = created_at WHERE acknowledged_at IS NULL",
        "alert ",
    ),
    "an alert is gone": (f"DELETE FROM alerts WHERE pk = {ONE.format('alerts')}", "alert "),
    "the cases of an alert are gone": ("DELETE FROM alert_cases", "alert "),
    "a link is revoked by nobody": ("UPDATE alerts SET link_revoked_at = created_at", "alert "),
    "the link of one contact is revoked by nobody": ("UPDATE deliveries SET link_revoked_at = created_at", "delivery "),
    "a delivery is gone": (f"DELETE FROM deliveries WHERE pk = {ONE.format('deliveries')}", "alert "),
    "a delivery that was sent was not": ("UPDATE deliveries SET state = 'intended', due_at = NULL", "delivery "),
    "the attempts are gone": ("DELETE FROM delivery_attempts", "delivery "),
    "a notice counts no more": (f"UPDATE notices SET live = 0 WHERE pk = {ONE.format('notices')}", "notice "),
    "an entry counts no more": (
        "UPDATE register_entries SET live = 0 WHERE pk = (SELECT MIN(pk) FROM register_entries WHERE live)",
        "register entry ",
    ),
    "a notice is gone": (f"DELETE FROM notices WHERE pk = {ONE.format('notices')}", "notice "),
    "a date is put off": (
        "UPDATE notices SET planned_on = '2031-01-01' WHERE planned_on IS NOT NULL",
        "notice ",
    ),
    "a service has ended": ("UPDATE register_entries SET service_status = 'ended'", "register entry "),
    "a sealed part is damaged": ("UPDATE notices SET sealed = zeroblob(60)", "notice "),
    "the notices of an area are gone": ("DELETE FROM area_members", "notice "),
    "the days of an area are others": (
        "UPDATE notices SET area_facts = replace(area_facts, 'pending', 'reverted') WHERE area_facts IS NOT NULL",
        "notice ",
    ),
    "an area counts no more": (
        "UPDATE notices SET live = 0 WHERE pk = (SELECT MAX(pk) FROM notices WHERE area_facts IS NOT NULL AND live)",
        "notice ",
    ),
    "an area is a notice of its own": ("UPDATE notices SET area_facts = NULL", "notice "),
    "a match counts no more": ("UPDATE matches SET live = 1 - live", "match "),
    "a match is gone": ("DELETE FROM matches", "match "),
    "a match is rejected by nobody": ("UPDATE matches SET decision = 'rejected'", "match "),
    "a revoked key opens again": ("UPDATE api_keys SET revoked_at = NULL WHERE revoked_at IS NOT NULL", "key "),
    "a key is good for ever": ("UPDATE api_keys SET expires_at = expires_at * 2", "key "),
    "a key has another role": ("UPDATE api_keys SET role = 'operator', feed_id = NULL", "key "),
    "a policy is an older one": ("UPDATE feeds SET policy_version = 0 WHERE policy_version > 0", "policy "),
    "a submission is gone": ("DELETE FROM submissions", "submission "),
    "the last word of the audit is gone": (
        "DROP TRIGGER audit_unremoved; DELETE FROM audit WHERE pk = (SELECT MAX(pk) FROM audit)",
        "audit protection audit_unremoved",
    ),
}


def test_what_nobody_changed_by_hand_is_as_the_audit_says(lived: Store) -> None:
    assert found(lived) == []


@pytest.mark.parametrize(("statements", "what"), CHANGES.values(), ids=CHANGES.keys())
def test_a_change_by_sql_is_found(lived: Store, statements: str, what: str) -> None:
    assert by_sql(lived, *statements.split("; ")) != 0
    differing = found(lived)
    assert any(one.what.startswith(what) for one in differing), differing


@pytest.mark.parametrize("action", ["alert_acknowledged", "case_moved", "key_revoked", "delivery_sent"])
def test_rows_that_the_audit_has_lost_are_found_even_when_its_protection_is_back(lived: Store, action: str) -> None:
    with lived.reading() as connection:
        named = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = 'audit_unremoved'"
        protection = connection.scalar(text(named))
    by_sql(lived, "DROP TRIGGER audit_unremoved", f"DELETE FROM audit WHERE action = '{action}'", protection)
    assert "audit rows" in {one.what for one in found(lived)}


COLUMNS = [
    ("notices", "live", "0"),
    ("register_entries", "live", "0"),
    ("matches", "live", "0"),
    ("cases", "state", "'visit_booked'"),
    ("alerts", "acknowledged_at", "1"),
    ("deliveries", "state", "'given_up'"),
    ("api_keys", "revoked_at", "1"),
]


@pytest.mark.parametrize("seed", range(12))
def test_one_value_of_any_row_is_found(lived: Store, seed: int) -> None:
    random = Random(seed)
    table, column, value = random.choice(COLUMNS)
    with lived.reading() as connection:
        differs = f"SELECT rowid FROM {table} WHERE {column} IS NOT {value}"
        if column == "acknowledged_at":
            differs += " AND acknowledged_at IS NULL"
        if column == "revoked_at":
            differs += " AND revoked_at IS NULL"
        rows = connection.scalars(text(differs)).all()
    assert by_sql(lived, f"UPDATE {table} SET {column} = {value} WHERE rowid = {random.choice(rows)}") == 1
    assert found(lived) != []


@pytest.mark.parametrize("seed", range(6))
def test_several_changes_at_once_are_all_found(lived: Store, seed: int) -> None:
    names = ["an entry counts no more", "an acknowledgement is gone", "one token of an entry is gone", "a case is over"]
    for name in (chosen := Random(seed).sample(names, 3)):
        by_sql(lived, CHANGES[name][0])
    differing = {one.what.split(" ")[0] for one in found(lived)}
    assert {CHANGES[name][1].split(" ")[0] for name in chosen} <= differing
