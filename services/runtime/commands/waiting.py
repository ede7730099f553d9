"""Opens a deployment whose database may yet have to start: roles are started in any order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Event

import structlog
from sqlalchemy.exc import OperationalError

from services.runtime.commands.opening import opened
from services.runtime.logs import kind_of
from services.runtime.settings import Settings
from services.storage.store import Store

log = structlog.get_logger()

FIRST_WAIT, LONGEST_WAIT = 0.5, 10.0


@contextmanager
def opened_when_there(settings: Settings) -> Iterator[Store]:
    """The store of the deployment, once its database can be reached.

    Raises KeysError, and NotReadyError for a database that is there and has no schema, or an older one.
    """
    with ExitStack() as stack:
        wait = FIRST_WAIT
        while True:
            try:
                store = stack.enter_context(opened(settings))
                break
            except OperationalError as error:
                log.warning("database_not_reached", error=kind_of(error), seconds=wait)
                Event().wait(wait)
                wait = min(wait * 2, LONGEST_WAIT)
        yield store
