from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import local
from typing import Any, Final

from sqlalchemy import Engine, insert, select

from services.core.audit import AuditAction
from services.core.clock import Clock
from services.storage.audit import AuditRow, write_audit
from services.storage.database.engine import reading
from services.storage.tables import quarantine
from services.storage.vault import MissingKeyError, Vault, VaultError, key_of

# Takes the place of the consumer in the quarantine.
VAULT: Final = "vault"
ERROR: Final = "DamagedValue"


class DamagedValues(local):
    def __init__(self) -> None:
        self._met: set[tuple[str, int | str]] = set()
        self._open = 0

    def note(self, table: str, pk: int | str) -> None:
        self._met.add((table, pk))

    @contextmanager
    def reported(self, engine: Engine, vault: Vault, clock: Clock) -> Iterator[None]:
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1
            # Never report inside an outer transaction: SQLite has one writer, which would wait for itself.
            if self._met and not self._open:
                met, self._met = self._met, set()
                # Whoever asked for a list gets it, even if the report cannot be written. The next list reports again.
                with suppress(Exception):
                    _report(engine, vault, clock, met)


def damaged_name(table: str, pk: int | str) -> str:
    return f"{table}:{pk}"


def open_row(vault: Vault, place: bytes, sealed: bytes, key_id: str) -> Any:
    """Raises MissingKeyError if the key is not loaded. Raises VaultError if the value is damaged."""
    try:
        return vault.open(place, sealed)
    except MissingKeyError:
        # A value with damaged first bytes looks like a value under another key. No key would ever open it.
        if key_of(sealed) != key_id:
            raise VaultError("a sealed value does not open: it was altered or moved") from None
        raise


def _report(engine: Engine, vault: Vault, clock: Clock, met: set[tuple[str, int | str]]) -> None:
    names = {damaged_name(table, pk): table for table, pk in met}
    known = select(quarantine.c.event_id).where(quarantine.c.consumer == VAULT, quarantine.c.event_id.in_(names))
    # A read first: a council that lists its cases every minute must not write every minute.
    with reading(engine).begin() as connection:
        if set(connection.scalars(known)) == names.keys():
            return
    with engine.begin() as connection:
        new, now = sorted(names.keys() - set(connection.scalars(known))), clock.now()
        rows = [
            {"consumer": VAULT, "event_id": name, "topic": names[name], "body": b"", "error": ERROR, "at": now}
            for name in new
        ]
        if rows:
            connection.execute(insert(quarantine), rows)
        said = [
            AuditRow(
                AuditAction.EVENT_QUARANTINED, {"event": name, "consumer": VAULT, "topic": names[name]}, subject=name
            )
            for name in new
        ]
        write_audit(connection, vault, said, now)
