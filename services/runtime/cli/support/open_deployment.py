"""Opens the deployment that the settings name, after checking that it exists."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, make_url

from services.core.clock import SystemClock
from services.core.errors import NotFoundError, PullcordError
from services.runtime.bootstrap import make_store
from services.runtime.settings import Settings
from services.storage.deployment import claim_database
from services.storage.feeds import Feed, Kind, feed_id_of, list_feeds
from services.storage.migrate import schema_of
from services.storage.server_checks import check_server
from services.storage.store import Store


class NotReadyError(PullcordError):
    """The deployment does not exist, or its database has no schema or an older one."""


@contextmanager
def opened(settings: Settings | None = None) -> Iterator[Store]:
    """Open the deployment while the block runs.

    Raises KeysError if the keys are missing or faulty. Raises NotReadyError if the database is missing, or if
    its schema is missing or older.
    """
    with unchecked(settings or Settings()) as store:
        check_database(store, settings or Settings())
        yield store


@contextmanager
def unchecked(settings: Settings) -> Iterator[Store]:
    """Yield the store of a deployment whose database may not be reachable yet.

    Raises KeysError if the keys are missing or faulty. Raises NotReadyError if a SQLite database is missing.
    """
    store = make_store(settings, SystemClock())
    _look_for_file(settings.database)
    try:
        yield store
    finally:
        # SQLite folds its write-ahead log into the file when the last connection closes.
        store.engine.dispose()


def check_database(store: Store, settings: Settings) -> None:
    """Raise NotReadyError if the schema is missing or older.

    Raises UnsuitableServerError if the database server cannot be used in the way it is reached.
    Raises RefusedError if the database belongs to a deployment of another name.
    """
    check_server(store.engine)
    with store.reading() as connection:
        # A newer schema fits: during an upgrade both versions work on it.
        if not schema_of(connection).fits:
            raise NotReadyError(
                "the database is empty or of an older version: run `pullcord init`, which loses nothing"
            )
    claim_database(store.engine, settings.deployment)


def find_feed(connection: Connection, kind: Kind, code: str) -> Feed:
    """Return the feed with this code. Raises RefusedError if the code is malformed, NotFoundError if it is unknown."""
    feed_id = feed_id_of(kind, code)
    for feed in list_feeds(connection, kind):
        if feed.feed_id == feed_id:
            return feed
    raise NotFoundError(
        f"no {kind} with this code is known: `pullcord {kind}s list` shows those that are, "
        f"`pullcord {kind}s add` makes one known"
    )


def _look_for_file(database: str) -> None:
    # SQLite would create a missing file, and a missing deployment would then look like an old one.
    url = make_url(database)
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).exists():
        raise NotReadyError(f"there is no database at {url.database}: run `pullcord init` first")
