from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from sqlalchemy import URL, make_url

from services.core.errors import RefusedError
from services.runtime.bootstrap import make_store
from services.runtime.cli.support.help_texts import examples
from services.runtime.cli.support.open_deployment import opened
from services.runtime.cli.support.output import cell, counted, escaped, local_time, out, pairs, say
from services.runtime.maintenance.backups import (
    back_up,
    check_unused,
    is_sqlite,
    record_backup,
    restore,
    settle_in_place,
)
from services.runtime.settings import Settings
from services.storage.backup.backup import Contents

SHOWN: Final = {
    "register_entries": "register row",
    "notices": "notice",
    "cases": "case",
    "alerts": "alert",
    "audit": "audit row",
}

backup_app = typer.Typer(add_completion=False)
restore_app = typer.Typer(add_completion=False)


@backup_app.command(
    epilog=examples(
        'pullcord backup "/backup/pullcord-$(date +%F).db"',
        "pullcord backup /backup/pullcord.dump --record pg_dump",
        note="A PostgreSQL database is backed up by its own tools: --record has the age of the backup watched.",
    )
)
def backup(
    file: Annotated[Path, typer.Argument(help="The backup to be made. It must not be there yet.", metavar="FILE")],
    record: Annotated[
        str | None, typer.Option(help="Only write down that FILE was made, by this tool.", metavar="TOOL")
    ] = None,
) -> None:
    """Back up a SQLite database and check the backup. The service may run meanwhile.

    The backup is one file, without the keys. Nobody can read the personal data in the backup without the keys.
    """
    settings = Settings()
    # A running PostgreSQL database must be copied by its own tools.
    if record is None and not is_sqlite(settings.database):
        raise RefusedError(_use_own_tools(settings.database, file))
    with opened(settings) as store:
        if record is not None:
            record_backup(store, record, _size(file))
            say(f"Written down: a backup made by {escaped(record)}.")
            return
        contents = back_up(store, file)
    _show(file, contents)
    keys = "PULLCORD_KEYS" if settings.keys is not None else escaped(settings.keys_path)
    say(
        "",
        f"[yellow]The keys are not in it.[/] Without {escaped(', '.join(contents.keys)) or 'them'} from {keys} nobody "
        "in it can be read: keep a copy of the keys, apart from the backups.",
    )


@restore_app.command(
    epilog=examples(
        "pullcord restore /backup/pullcord-2026-11-23.db --replace",
        "pullcord restore --placed",
    )
)
def restore_(
    file: Annotated[Path | None, typer.Argument(help="The backup.", metavar="[FILE]")] = None,
    replacing: Annotated[
        bool, typer.Option("--replace", help="Move the database that is there aside; it is not deleted.")
    ] = False,
    placed: Annotated[
        bool,
        typer.Option("--placed", help="The database was put back by other tools: do only what must follow, once."),
    ] = False,
) -> None:
    """Restore a backup. Stop everything first.

    Alerts that were sent before the backup are not sent again. The backup does not show which alerts were sent after
    the backup. So all alerts that have become due since the backup are sent after the restore. Each of these alerts
    says that the alert may be a repeat.
    """
    settings = Settings()
    # Exactly one of the two must be given.
    if placed == (file is not None):
        raise RefusedError("name a backup, or say --placed where the database was put back by other tools")
    if file is None:
        _settle(settings)
    elif is_sqlite(settings.database):
        _restore(settings, file, replacing=replacing)
    else:
        raise RefusedError(_restore_by_own_tools(settings.database, file))


def _settle(settings: Settings) -> None:
    if is_sqlite(settings.database):
        # No process may send messages while the deliveries are settled.
        check_unused(settings.database)
    with opened(settings) as store:
        record_ends = settle_in_place(store)
    _say_what_next(record_ends)


def _restore(settings: Settings, file: Path, *, replacing: bool) -> None:
    # Not `opened`, because the present database may be missing or damaged.
    store = make_store(settings)
    try:
        restored = restore(store, file, replacing=replacing)
    finally:
        # Also after a failure, because the next attempt needs the file to be free.
        store.engine.dispose()
    _show(file, restored.contents)
    # None where there was no database before.
    if restored.aside:
        say("", f"The database that was there is now {escaped(restored.aside)}.")
    _say_what_next(restored.record_ends)


def _size(path: Path) -> int:
    # In bytes. A PostgreSQL base backup is a folder. A missing path has size 0.
    size = sum(one.stat().st_size for one in (path, *path.rglob("*")) if one.is_file())
    if not size:
        raise RefusedError(f"{path} is not there or holds nothing: that is no backup")
    return size


def _show(file: Path, contents: Contents) -> None:
    holds = ", ".join(counted(contents.rows[table], thing) for table, thing in SHOWN.items())
    ends = local_time(contents.record_ends) if contents.record_ends else "nothing is on record"
    rows = [
        ("Backup", cell(file)),
        ("Size", cell(f"{file.stat().st_size:,} bytes")),
        ("Holds", cell(holds)),
        ("Its record ends", cell(ends)),
        ("Checked", cell("it is whole, and opens with the keys at hand")),
    ]
    out().print(pairs(rows))


def _say_what_next(record_ends: datetime) -> None:
    say(
        "",
        f"What happened after {local_time(record_ends)} is not on record. Alerts that fell due since go out once "
        "more when the service starts, and say so.",
        "",
        "[bold]Next[/]",
        "  start the service",
        "  ask every provider and council to send again what they sent since: what is there changes nothing",
        "  ask the councils to record again what they did since: acknowledgements, confirmations, holds",
        "  pullcord keys list        a key that was revoked since lets somebody in again: revoke it",
    )


def _use_own_tools(database: str, file: Path) -> str:
    return (
        "a PostgreSQL database is backed up by its own tools, for example "
        f"`pg_dump --format=custom --file={file} {_libpq(database)}`; then `pullcord backup {file} --record pg_dump` "
        "has its age watched. docs/operations.md says how it is restored"
    )


def _restore_by_own_tools(database: str, file: Path) -> str:
    return (
        "a PostgreSQL database is restored by its own tools into an empty database, for example "
        f"`pg_restore --exit-on-error --single-transaction --no-owner --dbname={_libpq(database)} {file}`; then, "
        "before anything else is started, run `pullcord restore --placed`"
    )


def _libpq(database: str) -> str:
    # The URL in the form that PostgreSQL's tools accept. They ask for the password or read ~/.pgpass.
    url = make_url(database)
    bare = URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
    return bare.render_as_string(hide_password=False)
