"""Has everything that was written matched at once, for commands that run without `pullcord serve`.

Where `serve` runs too nothing is done twice: each event is handled once, whoever comes first.
"""

from __future__ import annotations

from sqlalchemy import func, select

from services.alerts.states.machine import ENDED
from services.runtime.bootstrap import make_parts
from services.runtime.cli.support.output import progress
from services.runtime.embedded.event_dispatcher import EventDispatcher
from services.runtime.settings import Settings
from services.storage.store import Store
from services.storage.tables import cases


def settle(store: Store, settings: Settings) -> None:
    """Handle every event that has not been handled yet."""
    dispatcher = EventDispatcher(store, make_parts(settings, store).consumers)
    with progress() as bar:
        task = bar.add_task("Matching", total=None)
        while handled := dispatcher.run_once():
            bar.advance(task, handled)


def open_cases(store: Store) -> int:
    """How many cases have not ended."""
    query = select(func.count()).select_from(cases).where(cases.c.state.not_in([state.value for state in ENDED]))
    with store.reading() as connection:
        return connection.scalar(query) or 0
