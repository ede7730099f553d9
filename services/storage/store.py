from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Engine

from services.core.clock import Clock, SystemClock
from services.core.days.feed_rhythm import USUAL, SilencePolicy
from services.core.ids import RandomBytes
from services.core.operator.contact_services import ContactServices
from services.core.tokens import Tokeniser
from services.storage.damage import DamagedValues
from services.storage.database.engine import reading
from services.storage.vault import Vault


@dataclass(frozen=True)
class OperatorPolicy:
    # No source prescribes the numbers [P].
    # Refused, repeated and dry requests of one feed that are recorded in an hour.
    refusals_an_hour: int = 1_000
    # Acts on one case or alert that change nothing and are recorded in a day.
    repeats_a_day: int = 100
    silence: SilencePolicy = USUAL
    # Minutes for which the code of a contact works, the wrong tries that end it, and the test messages and codes that
    # one contact gets in an hour.
    contact_code_minutes: int = 15
    contact_code_tries: int = 5
    contact_messages_an_hour: int = 10
    services: ContactServices = field(default_factory=ContactServices)


@dataclass(frozen=True)
class Store:
    engine: Engine
    vault: Vault
    tokeniser: Tokeniser
    clock: Clock = field(default_factory=SystemClock)
    random: RandomBytes = os.urandom
    policy: OperatorPolicy = field(default_factory=OperatorPolicy)
    damaged: DamagedValues = field(default_factory=DamagedValues, compare=False, repr=False)

    def now(self) -> datetime:
        return self.clock.now()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The transaction commits if the block ends without an error."""
        with self._reporting(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def processing(self) -> Iterator[Connection]:
        """All reads in the transaction see the same state of the database."""
        # On PostgreSQL, a conflict with another transaction raises an error.
        with self._reporting(), self.engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """On SQLite the transaction never waits for a writer."""
        with self._reporting(), reading(self.engine).begin() as connection:
            yield connection

    def _reporting(self) -> AbstractContextManager[None]:
        return self.damaged.reported(self.engine, self.vault, self.clock)
