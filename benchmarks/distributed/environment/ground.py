from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import create_engine, text

from benchmarks.distributed.environment.furnishing import Keys, furnish
from benchmarks.distributed.environment.mailbox import Mailbox
from scripts.servers.kafka import Broker
from scripts.servers.postgres import Postgres
from services.runtime.maintenance.keyring import Keyring, new_keyring, write_keyring
from services.storage.database.engine import make_engine

# The database that all others are copied from. It has feeds and keys, but no lines.
BLANK = "blank"


class WrongMatchesError(Exception):
    """Matching has found a wrong number of matches."""


@dataclass
class Ground:
    folder: Path
    broker: Broker
    postgres: Postgres
    mailbox: Mailbox
    keyring: Keyring = field(default_factory=new_keyring)
    keys: Keys = field(init=False)

    def __post_init__(self) -> None:
        write_keyring(self.keys_file, self.keyring)
        self._run(f"CREATE DATABASE {BLANK}")
        engine = make_engine(self.url(BLANK))
        self.keys = furnish(engine, self.keyring, self.mailbox.port)
        engine.dispose()

    @property
    def keys_file(self) -> Path:
        return self.folder / "keys.json"

    def url(self, database: str) -> str:
        return self.postgres.url.replace("/postgres?", f"/{database}?", 1)

    def copy(self, database: str, of: str = BLANK) -> str:
        """Copy the database `of` to a new database. The caller must first close all connections to `of`."""
        self._run(f"CREATE DATABASE {database} TEMPLATE {of}")
        # Otherwise the server would write its delayed changes during the next measurement.
        self._run("CHECKPOINT")
        return database

    def drop(self, database: str) -> None:
        self._run(f"DROP DATABASE {database}")

    def empty_broker(self) -> None:
        self.broker.stop()
        self.broker.wipe()
        self.broker.start()

    def _run(self, statement: str) -> None:
        engine = create_engine(self.postgres.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


@contextmanager
def standing() -> Iterator[Ground]:
    with tempfile.TemporaryDirectory(prefix="pullcord-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        # The database server runs as a user of its own. This user must be able to open the folder.
        folder.chmod(0o755)
        mailbox, postgres, broker = Mailbox(), Postgres(folder / "postgres"), Broker(folder / "kafka")
        mailbox.start()
        try:
            postgres.start()
            broker.start()
            yield Ground(folder, broker, postgres, mailbox)
        finally:
            broker.stop()
            postgres.stop()
            mailbox.stop()
