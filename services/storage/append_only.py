"""Has the database itself refuse to change or remove a row of the audit, whoever asks.

Only the seal of a row may be made anew, as under another key: whether there is one stays. Whoever may alter tables can
take the refusal away; what they then alter in figures or cases, `pullcord audit check` finds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

REFUSAL: Final = "the audit is append-only: no row of it is changed or removed"
CLEAR: Final = "pk, at, word, feed_id, subject, fields"
"""The columns that never change."""
SEAL_COMES_OR_GOES: Final = "(OLD.actor_sealed IS NULL) <> (NEW.actor_sealed IS NULL)"

_SQLITE: Final = {
    "audit_unchanged": f"BEFORE UPDATE OF {CLEAR} ON audit",
    "audit_seal_kept": f"BEFORE UPDATE OF actor_sealed ON audit WHEN {SEAL_COMES_OR_GOES}",
    "audit_unremoved": "BEFORE DELETE ON audit",
    # REPLACE removes a row without a trigger for it.
    "audit_unreplaced": "BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE pk = NEW.pk)",
}
_POSTGRES: Final = {
    "audit_unchanged": f"BEFORE UPDATE OF {CLEAR} ON audit FOR EACH ROW",
    "audit_seal_kept": f"BEFORE UPDATE OF actor_sealed ON audit FOR EACH ROW WHEN ({SEAL_COMES_OR_GOES})",
    "audit_unremoved": "BEFORE DELETE ON audit FOR EACH ROW",
    "audit_unemptied": "BEFORE TRUNCATE ON audit FOR EACH STATEMENT",
}


def make_append_only(dialect: str) -> Sequence[str]:
    """The statements that protect the table `audit`, which must be there."""
    if dialect != "postgresql":
        refuse = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        return [f"CREATE TRIGGER {name} {when} {refuse}" for name, when in _SQLITE.items()]
    function = (
        "CREATE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation'; END $$"
    )
    triggers = (f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION audit_refuses()" for name, when in _POSTGRES.items())
    return [function, *triggers]


def unmake_append_only(dialect: str) -> Sequence[str]:
    """The statements that take the protection away, before the table goes."""
    if dialect != "postgresql":
        return [f"DROP TRIGGER {name}" for name in _SQLITE]
    return [*(f"DROP TRIGGER {name} ON audit" for name in _POSTGRES), "DROP FUNCTION audit_refuses()"]
