from __future__ import annotations

from pathlib import Path
from typing import Final

import typer
from rich.text import Text
from sqlalchemy import Engine, inspect

from services.runtime.bootstrap import load_keyring
from services.runtime.cli.commands.running.questions import ask_what_is_missing
from services.runtime.cli.support.help_texts import examples
from services.runtime.cli.support.output import cell, out, pairs, say
from services.runtime.maintenance.keyring import KeysError, new_keyring, write_keyring
from services.runtime.settings import Settings
from services.storage.database.deployment import claim_database
from services.storage.database.engine import make_engine, reading
from services.storage.database.server_checks import check_server
from services.storage.migrate import DatabaseSchema, schema_of, upgrade

MADE: Final = "made"
THERE: Final = "already there"
CHANGED: Final = "brought up to date"
NEWER: Final = "of a newer version"

app = typer.Typer(add_completion=False)


@app.command(epilog=examples("pullcord init", "PULLCORD_DATA_DIR=/srv/pullcord pullcord init"))
def init() -> None:
    """Make the data directory, the keys and the database. An existing database is upgraded.

    Run this command again after every upgrade. You may run it at any time: existing keys and data stay. On a terminal,
    the command asks for the address of the pages and for the mail server, unless these settings exist.
    """
    settings = Settings()
    folder = _make_folder(settings.data_dir)
    engine = make_engine(settings.database)
    try:
        keys = _make_keys(settings, has_tables=_has_tables(engine))
        database = _make_database(engine, settings.deployment)
    finally:
        engine.dispose()
    # The URL is shown without its password.
    shown = engine.url.render_as_string(hide_password=True)
    keys_at = "PULLCORD_KEYS" if settings.keys is not None else settings.keys_path
    out().print(
        pairs(
            [
                ("Data directory", _line(folder, settings.data_dir.absolute())),
                ("Keys", _line(keys, keys_at)),
                ("Database", _line(database, shown)),
            ]
        )
    )
    ask_what_is_missing(settings)
    _say_more(keys)


def migrate() -> None:
    """Make the database, or upgrade it. Unlike `init`, this command needs no keys.

    Use this command if an installation or upgrade has no access to the keys. You may run it at any time, even while an
    older version is running.
    """
    settings = Settings()
    _make_folder(settings.data_dir)
    engine = make_engine(settings.database)
    try:
        done = _make_database(engine, settings.deployment)
    finally:
        engine.dispose()
    out().print(pairs([("Database", _line(done, engine.url.render_as_string(hide_password=True)))]))


def _line(done: str, where: object) -> Text:
    return Text.assemble((f"{done:<19}", "green"), cell(where))


def _make_folder(folder: Path) -> str:
    if folder.is_dir():
        return THERE
    # Only the owner of the folder may read the keys and the database.
    folder.mkdir(parents=True, mode=0o700)
    return MADE


def _has_tables(engine: Engine) -> bool:
    with reading(engine).begin() as connection:
        # This is the oldest table. If it is missing, nothing was ever sealed.
        return inspect(connection).has_table("feeds")


def _make_keys(settings: Settings, *, has_tables: bool) -> str:
    # New keys beside data that was sealed with other keys would hide that the other keys are lost.
    if settings.keys is not None or settings.keys_path.exists():
        # Unreadable keys must be noticed now, not when the first row arrives.
        load_keyring(settings)
        return THERE
    if has_tables:
        raise KeysError(
            f"the database is there, but its keys are not at {settings.keys_path}: put them back from your copy; "
            "without them nothing in it can be read"
        )
    write_keyring(settings.keys_path, new_keyring())
    return MADE


def _make_database(engine: Engine, deployment: str) -> str:
    check_server(engine)
    done = _upgraded(engine)
    claim_database(engine, deployment)
    return done


def _upgraded(engine: Engine) -> str:
    with reading(engine).begin() as connection:
        found = schema_of(connection)
    if found is DatabaseSchema.CURRENT:
        return THERE
    # During an upgrade, an older version may still be started on another machine.
    if found is DatabaseSchema.NEWER:
        return NEWER
    upgrade(engine)
    return CHANGED if found is DatabaseSchema.OLDER else MADE


def _say_more(keys: str) -> None:
    if keys == MADE:
        say(
            "",
            "[yellow]Copy the keys to a safe place, apart from the database.[/] Without them nothing can be read;",
            "whoever has both can read everything.",
        )
    say(
        "",
        "[bold]Next[/]",
        '  pullcord councils add E06000009 "Blackpool Council"   a council, by GSS code',
        '  pullcord providers add RAVN "Raven Telecom"           a provider, by RCPID',
        "  pullcord policy contact add E06000009                 whom to tell there",
        "  pullcord policy contact test E06000009                a test message to them",
        "  pullcord import register FILE --council E06000009     lines with an alarm",
        "  pullcord import notices FILE --provider RAVN          lines to be moved",
        "  pullcord serve                                        matches and alerts",
    )
