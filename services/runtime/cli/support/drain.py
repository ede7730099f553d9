"""Has everything that was written matched at once, for commands that run without `pullcord serve`.

Where `serve` runs too nothing is done twice: each event is handled once, whoever comes first.
"""

from __future__ import annotations

from services.runtime.bootstrap import make_parts
from services.runtime.cli.support.output import progress
from services.runtime.embedded.event_dispatcher import EventDispatcher
from services.runtime.settings import Settings
from services.storage.store import Store


def handle_events(store: Store, settings: Settings) -> None:
    dispatcher = EventDispatcher(store, make_parts(settings, store).consumers)
    with progress() as bar:
        # The total is not known: handling events writes further ones.
        task = bar.add_task("Matching", total=None)
        while handled := dispatcher.run_once():
            bar.advance(task, handled)
