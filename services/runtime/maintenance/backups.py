"""Backups of an embedded deployment: made beside a running service, checked, and put back.

The keys are never in a backup: whoever finds one can read nobody in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

from sqlalchemy import URL, make_url

from services.alerts.delivery.restoring import settle_restore
from services.alerts.delivery.store.restores import last_restore
from services.core.audit import AuditAction
from services.core.errors import RefusedError
from services.storage.audit import AuditRow, write_audit
from services.storage.backup.backup import (
    Contents,
    CopyError,
    check_copy,
    check_whole,
    copy_database,
    last_on_record,
    make_one_file,
)
from services.storage.backup.files import sync_folder
from services.storage.backup.replace_database import put_in_place, unused
from services.storage.engine import make_engine
from services.storage.migrate import DatabaseSchema, schema_of, upgrade
from services.storage.store import Store

SQLITE = "sqlite"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back, until when its record goes, and where the database is now that was there before, if any."""

    contents: Contents
    record_ends: datetime
    aside: Path | None = None


def back_up(store: Store, target: Path) -> Contents:
    """Make a checked copy of a SQLite database, on the disk when this returns; other processes may write meanwhile.

    Raises RefusedError where the file is there already, CopyError.
    """
    if target.exists():
        raise RefusedError(f"{target} is there already: a backup is never overwritten")
    with _draft_beside(target) as draft:
        rows = copy_database(store, draft)
        contents = _checked(store, draft)
        # Counted while copying, and again in the copy.
        if contents.rows != rows:
            raise CopyError("the copy does not hold what was copied")
        # The file appears under its name only when it is whole.
        draft.rename(target)
        # Without it the name could be lost in a power cut, and the backup with it.
        sync_folder(target.parent)
    record_backup(store, SQLITE, target.stat().st_size)
    return contents


def record_backup(store: Store, kind: str, size: int) -> None:
    """Record that a backup was made, so that its age is watched. `size` in bytes."""
    with store.writing() as connection:
        row = AuditRow(AuditAction.BACKUP_MADE, {"kind": kind, "bytes": size})
        write_audit(connection, store.vault, [row], store.now())


def restore(store: Store, backup: Path, *, replacing: bool) -> Restored:
    """Put a backup in the place of the store's SQLite database, brought up to this version and settled.

    Raises RefusedError where a process uses the database, or where one is there and is not to be replaced; CopyError.
    """
    place = _file_of(store.engine.url)
    if place.exists() and not replacing:
        raise RefusedError(f"there is a database at {place}: with --replace it is moved aside, not deleted")
    # A database in use: what is in the -wal would be missing.
    if backup.with_name(f"{backup.name}-wal").exists():
        raise RefusedError("the file has a -wal beside it, so it is no backup but a database: use `pullcord backup`")
    # Asked before the long copy, and again when the file is put in place.
    with unused(place):
        pass
    aside = place.with_name(f"{place.name}.{store.now():%Y%m%dT%H%M%S}")
    with _draft_beside(place) as draft:
        # The backup itself is never opened: SQLite would write beside it.
        copyfile(backup, draft)
        restored = _prepared(store, draft)
        replaced = put_in_place(draft, place, aside)
    return replace(restored, aside=aside if replaced else None)


def settle_in_place(store: Store) -> datetime:
    """Settle a database that was put back by other means; returns when its record ends.

    Done again, it changes nothing.
    """
    with store.reading() as connection:
        ends, known = last_on_record(connection) or store.now(), last_restore(connection)
    # The last thing on record is the restore itself.
    if known is not None and known.at == ends:
        return known.record_ends
    settle_restore(store, ends)
    return ends


def check_unused(database: str) -> None:
    """Raises RefusedError where a process has the SQLite database of this URL open; this one must not."""
    with unused(_file_of(database)):
        pass


def is_sqlite(database: str) -> bool:
    return make_url(database).get_backend_name() == SQLITE


def _file_of(database: str | URL) -> Path:
    return Path(str(make_url(database).database)).absolute()


def _prepared(store: Store, draft: Path) -> Restored:
    check_whole(draft)
    with _opened(store, draft) as copy:
        with copy.reading() as connection:
            found = schema_of(connection)
        # A backup may be older than the version that puts it back.
        if found is DatabaseSchema.OLDER:
            upgrade(copy.engine)
        contents = check_copy(copy)
        # A backup of an empty deployment ends now.
        ends = contents.record_ends or copy.now()
        settle_restore(copy, ends)
        return Restored(contents, ends)


def _checked(store: Store, draft: Path) -> Contents:
    check_whole(draft)
    with _opened(store, draft) as copy:
        return check_copy(copy)


@contextmanager
def _opened(store: Store, draft: Path) -> Iterator[Store]:
    # With the same keys; afterwards it is one file again, on the disk.
    copy = replace(store, engine=make_engine(f"sqlite:///{draft}"))
    try:
        yield copy
    finally:
        copy.engine.dispose()
    make_one_file(draft)


@contextmanager
def _draft_beside(path: Path) -> Iterator[Path]:
    # In the same folder, so that a rename puts it in place; in a folder in it that only its owner can look into.
    with TemporaryDirectory(dir=path.parent, prefix=".pullcord-") as folder:
        draft = Path(folder) / "draft.db"
        draft.touch(mode=0o600)
        yield draft
