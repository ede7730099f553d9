"""A backup does not contain the keys."""

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
from services.storage.database.engine import make_engine
from services.storage.migrate import DatabaseSchema, schema_of, upgrade
from services.storage.store import Store

SQLITE = "sqlite"


@dataclass(frozen=True, slots=True)
class RestoreResult:
    contents: Contents
    # The time of the last change in the backup.
    record_ends: datetime
    # The path of the previous database, or None.
    aside: Path | None = None


def back_up(store: Store, target: Path) -> Contents:
    """Raises RefusedError if `target` exists. Raises CopyError if the copy is faulty."""
    if target.exists():
        raise RefusedError(f"{target} is there already: a backup is never overwritten")
    with _draft_beside(target) as draft:
        rows = copy_database(store, draft)
        contents = _checked(store, draft)
        # The rows were counted while copying, and again in the copy.
        if contents.rows != rows:
            raise CopyError("the copy does not hold what was copied")
        # The file appears under its name only when it is whole.
        draft.rename(target)
        # Without this, a power cut could lose the file's name, and with it the backup.
        sync_folder(target.parent)
    record_backup(store, SQLITE, target.stat().st_size)
    return contents


def record_backup(store: Store, kind: str, size: int) -> None:
    """`size` is in bytes."""
    with store.writing() as connection:
        row = AuditRow(AuditAction.BACKUP_MADE, {"kind": kind, "bytes": size})
        write_audit(connection, store.vault, [row], store.now())


def restore(store: Store, backup: Path, *, replacing: bool) -> RestoreResult:
    """Raises RefusedError if a file is in use, or if the database exists and may not be replaced.

    Raises CopyError if the backup is faulty.
    """
    place = _file_of(store.engine.url)
    if place.exists() and not replacing:
        raise RefusedError(f"there is a database at {place}: with --replace it is moved aside, not deleted")
    # The file is a database in use. The changes in its -wal file would be missing.
    if backup.with_name(f"{backup.name}-wal").exists():
        raise RefusedError("the file has a -wal beside it, so it is no backup but a database: use `pullcord backup`")
    # Checked before the long copy, and again when the new file replaces the old one.
    with unused(place):
        pass
    aside = place.with_name(f"{place.name}.{store.now():%Y%m%dT%H%M%S}")
    with _draft_beside(place) as draft:
        # The backup itself is never opened, because SQLite would create files beside it.
        copyfile(backup, draft)
        restored = _prepared(store, draft)
        replaced = put_in_place(draft, place, aside)
    return replace(restored, aside=aside if replaced else None)


def settle_in_place(store: Store) -> datetime:
    """Prepare a database that other tools have restored. Return the time of the last change.

    Call this function before the service starts.
    """
    with store.reading() as connection:
        ends, known = last_on_record(connection) or store.now(), last_restore(connection)
    # The last record is the restore itself, so the database was settled before.
    if known is not None and known.at == ends:
        return known.record_ends
    settle_restore(store, ends)
    return ends


def check_unused(database: str) -> None:
    """Raises RefusedError if another process uses the database."""
    with unused(_file_of(database)):
        pass


def is_sqlite(database: str) -> bool:
    return make_url(database).get_backend_name() == SQLITE


def _file_of(database: str | URL) -> Path:
    return Path(str(make_url(database).database)).absolute()


def _prepared(store: Store, draft: Path) -> RestoreResult:
    check_whole(draft)
    with _opened(store, draft) as copy:
        with copy.reading() as connection:
            found = schema_of(connection)
        # The backup may have the schema of an older version.
        if found is DatabaseSchema.OLDER:
            upgrade(copy.engine)
        contents = check_copy(copy)
        # A backup of an empty deployment has no last record, so it counts as ending now.
        ends = contents.record_ends or copy.now()
        settle_restore(copy, ends)
        return RestoreResult(contents, ends)


def _checked(store: Store, draft: Path) -> Contents:
    check_whole(draft)
    with _opened(store, draft) as copy:
        return check_copy(copy)


@contextmanager
def _opened(store: Store, draft: Path) -> Iterator[Store]:
    # The copy uses the same keys. Afterwards it is a single file again, and written to the disk.
    copy = replace(store, engine=make_engine(f"sqlite:///{draft}"))
    try:
        yield copy
    finally:
        copy.engine.dispose()
    make_one_file(draft)


@contextmanager
def _draft_beside(path: Path) -> Iterator[Path]:
    # The draft is on the same disk, so that a rename puts it in place. Only its owner can open its folder.
    with TemporaryDirectory(dir=path.parent, prefix=".pullcord-") as folder:
        draft = Path(folder) / "draft.db"
        draft.touch(mode=0o600)
        yield draft
