"""Brings matches and cases back from the records, as after a total loss of the brokers or of events not yet handled.

Every entry is matched and every case reviewed as the records are now. What stands already stays as it is, so nobody is
paged for it again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from sqlalchemy import select

from services.alerts.case.consumer import CaseConsumer
from services.matcher.consumer import Matcher
from services.storage.events.process import Effects, write_effects
from services.storage.store import Store
from services.storage.tables import register_entries
from services.storage.unit_of_work import UnitOfWork

BATCH = 2_000
"""Entries in one transaction."""

Step = Callable[[UnitOfWork, Collection[int]], Effects]


def rebuild(store: Store, matcher: Matcher, cases: CaseConsumer) -> Iterator[int]:
    """Match and review every entry; yields how many entries each transaction looked at."""

    def match(work: UnitOfWork, entries: Collection[int]) -> Effects:
        return matcher.match(work, (), entries)

    for step in (match, cases.review):
        for entries in _batches(store):
            _carry_out(store, step, entries)
            yield len(entries)


def _batches(store: Store) -> Iterator[Collection[int]]:
    last = 0
    while True:
        query = select(register_entries.c.pk).where(register_entries.c.pk > last).order_by(register_entries.c.pk)
        with store.reading() as connection:
            found = connection.scalars(query.limit(BATCH)).all()
        if not found:
            return
        yield found
        last = found[-1]


def _carry_out(store: Store, step: Step, entries: Collection[int]) -> None:
    now = store.now()
    with store.processing() as connection:
        work = UnitOfWork(connection, store, now)
        write_effects(work, step(work, entries))
