from __future__ import annotations

from services.runtime.bootstrap import make_parts
from services.runtime.cli.support.output import progress
from services.runtime.embedded.event_dispatcher import EventDispatcher
from services.runtime.settings import Settings
from services.storage.store import Store


def handle_events(store: Store, settings: Settings) -> None:
    dispatcher = EventDispatcher(store, make_parts(settings, store).consumers)
    with progress() as bar:
        # The total is not known, because handling an event may write further events.
        task = bar.add_task("Matching", total=None)
        while handled := dispatcher.run_once():
            bar.advance(task, handled)
