from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, make_url

from services.core.clock import SystemClock
from services.core.errors import NotFoundError, PullcordError
from services.runtime.bootstrap import make_store
from services.runtime.settings import Settings
from services.storage.database.deployment import claim_database
from services.storage.database.server_checks import check_server
from services.storage.feeds import Feed, Kind, feed_id_of, list_feeds
from services.storage.migrate import schema_of
from services.storage.store import Store


class NotReadyError(PullcordError):
    """The deployment is missing, or the schema of its database is older than this version of Pullcord."""


def time_of_machine() -> datetime:
    # For a command that opens no deployment.
    return SystemClock().now()


@contextmanager
def opened(settings: Settings | None = None) -> Iterator[Store]:
    """Raises KeysError, NotReadyError, or any error of `check_database`."""
    with unchecked(settings or Settings()) as store:
        check_database(store, settings or Settings())
        yield store


@contextmanager
def unchecked(settings: Settings) -> Iterator[Store]:
    """Open the store without a check of the database. Raises KeysError or NotReadyError."""
    _look_for_data(settings)
    store = make_store(settings, SystemClock())
    try:
        yield store
    finally:
        # SQLite folds its write-ahead log into the file when the last connection closes.
        store.engine.dispose()


def check_database(store: Store, settings: Settings) -> None:
    """Raises NotReadyError, UnsuitableServerError or RefusedError if the database is unsuitable."""
    check_server(store.engine)
    with store.reading() as connection:
        # A newer schema fits: during an upgrade both versions work on it.
        if not schema_of(connection).fits:
            raise NotReadyError(
                "the database is empty or of an older version: run `pullcord init`, which loses nothing"
            )
    claim_database(store.engine, settings.deployment)


def find_feed(connection: Connection, kind: Kind, code: str) -> Feed:
    """Raises RefusedError if the code has the wrong form. Raises NotFoundError if no feed has the code."""
    feed_id = feed_id_of(kind, code)
    for feed in list_feeds(connection, kind):
        if feed.feed_id == feed_id:
            return feed
    raise NotFoundError(
        f"no {kind} with this code is known: `pullcord {kind}s list` shows those that are, "
        f"`pullcord {kind}s add` makes one known"
    )


def _look_for_data(settings: Settings) -> None:
    # Usually the command was run in the wrong folder, where `init` would make a second, empty deployment.
    url = make_url(settings.database)
    file = Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
    # SQLite would create a missing file, and a missing deployment would then look like an old one.
    database_gone = file is not None and not file.exists()
    keys_gone = settings.keys is None and not settings.keys_path.exists()
    if keys_gone and file is not None and not database_gone:
        raise NotReadyError(
            f"the database is there, but its keys are not at {settings.keys_path.absolute()}: put them back from your "
            "copy; without them nothing in it can be read"
        )
    if keys_gone or database_gone:
        missing = settings.keys_path if keys_gone else file or settings.data_dir
        raise NotReadyError(_not_here(missing.absolute().parent, "keys" if keys_gone and file is None else "data"))


def _not_here(folder: Path, what: str) -> str:
    return (
        f"there is no Pullcord {what} in {folder}. Is this the wrong folder? Run this where Pullcord was set up, or "
        "name its data with PULLCORD_DATA_DIR. Only where it was never set up, begin with `pullcord init`"
    )
