# A user with the right to alter tables can drop the triggers.
# Only the encrypted part of a row may be replaced, because vault keys change.

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, text

REFUSAL: Final = "the audit is append-only: no row of it is changed or removed"
# The columns that never change.
CLEAR: Final = "pk, at, action, feed_id, subject, fields"
# A new vault key changes the sealed value of a row. It never adds a sealed value or removes one.
SEAL_COMES_OR_GOES: Final = "(OLD.actor_sealed IS NULL) <> (NEW.actor_sealed IS NULL)"

_SQLITE: Final = {
    "audit_unchanged": f"BEFORE UPDATE OF {CLEAR} ON audit",
    "audit_seal_kept": f"BEFORE UPDATE OF actor_sealed ON audit WHEN {SEAL_COMES_OR_GOES}",
    "audit_unremoved": "BEFORE DELETE ON audit",
    # SQLite's REPLACE removes a row without firing the DELETE trigger.
    "audit_unreplaced": "BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE pk = NEW.pk)",
}
_POSTGRES: Final = {
    "audit_unchanged": f"BEFORE UPDATE OF {CLEAR} ON audit FOR EACH ROW",
    "audit_seal_kept": f"BEFORE UPDATE OF actor_sealed ON audit FOR EACH ROW WHEN ({SEAL_COMES_OR_GOES})",
    "audit_unremoved": "BEFORE DELETE ON audit FOR EACH ROW",
    # TRUNCATE fires no trigger for single rows.
    "audit_unemptied": "BEFORE TRUNCATE ON audit FOR EACH STATEMENT",
}


def make_append_only(dialect: str) -> Sequence[str]:
    if dialect != "postgresql":
        refuse = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        return [f"CREATE TRIGGER {name} {when} {refuse}" for name, when in _SQLITE.items()]
    function = (
        "CREATE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation'; END $$"
    )
    triggers = (f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION audit_refuses()" for name, when in _POSTGRES.items())
    return [function, *triggers]


def missing_triggers(connection: Connection) -> Sequence[str]:
    if connection.dialect.name == "postgresql":
        query = "SELECT tgname FROM pg_trigger WHERE tgrelid = CAST('audit' AS regclass) AND tgenabled <> 'D'"
        expected = _POSTGRES
    else:
        query, expected = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'", _SQLITE
    return sorted(expected.keys() - set(connection.scalars(text(query))))


def unmake_append_only(dialect: str) -> Sequence[str]:
    if dialect != "postgresql":
        return [f"DROP TRIGGER {name}" for name in _SQLITE]
    # The function is dropped last, because the triggers depend on it.
    return [*(f"DROP TRIGGER {name} ON audit" for name in _POSTGRES), "DROP FUNCTION audit_refuses()"]
