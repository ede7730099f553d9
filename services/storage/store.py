"""What a slice needs to keep its records: engine, vault, tokeniser, clock and randomness, chosen once at start."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Engine

from services.core.clock import Clock, SystemClock
from services.core.ids import RandomBytes
from services.core.tokens import Tokeniser
from services.storage.engine import reading
from services.storage.vault import Vault


@dataclass(frozen=True)
class Store:
    """The parts every slice shares. `bootstrap` makes the real one, tests make theirs."""

    engine: Engine
    vault: Vault
    tokeniser: Tokeniser
    clock: Clock = field(default_factory=SystemClock)
    random: RandomBytes = os.urandom

    def now(self) -> datetime:
        """The clock's time, UTC."""
        return self.clock.now()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes; it commits when the block ends without an error."""
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def processing(self) -> Iterator[Connection]:
        """A transaction that writes what it concludes from what it reads: all it reads is of one moment.

        On PostgreSQL a locked row that has changed since fails the transaction; it is tried again with what is true.
        """
        with self.engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads: it never waits for a writer on SQLite."""
        with reading(self.engine).begin() as connection:
            yield connection
