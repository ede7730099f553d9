"""Waits for the database, because roles may start in any order."""

from __future__ import annotations

import re
import socket
from itertools import count
from random import SystemRandom
from threading import Event, Thread

import structlog
from sqlalchemy.exc import DBAPIError

from services.core.backoff import delay
from services.core.errors import PullcordError
from services.runtime.cli.support.open_deployment import check_database
from services.runtime.logs import kind_of
from services.runtime.server import StoppableServer
from services.runtime.settings import Settings
from services.storage.database.faults import fault_of
from services.storage.store import Store

log = structlog.get_logger()

FIRST_WAIT, LONGEST_WAIT = 0.5, 10.0

# Patterns for error texts of libpq and the server, with their meaning for the operator. The texts themselves are not
# shown, because they may name hosts and users.
SIGNS = {
    "password authentication failed": "the database refuses the user of PULLCORD_DATABASE_URL with its password",
    "no password supplied": "the database wants a password, and PULLCORD_DATABASE_URL has none",
    'role ".*" does not exist': "the database does not know the user of PULLCORD_DATABASE_URL",
    'database ".*" does not exist': "the server has no database of the name in PULLCORD_DATABASE_URL",
    "no pg_hba.conf entry": "the database lets nobody in from here, or not in this way",
    "certificate": "the certificate of the database is not trusted: see sslrootcert in PULLCORD_DATABASE_URL",
    "resolve host": "there is no host of the name in PULLCORD_DATABASE_URL",
    "Connection refused|No such file": "nobody answers at PULLCORD_DATABASE_URL",
}


def database_there(store: Store, settings: Settings, stop: Event) -> bool:
    """Wait until the database answers. Return False if `stop` is set first.

    Raises PullcordError if the database is unsuitable.
    """
    for attempt in count(1):
        try:
            check_database(store, settings)
            break
        except DBAPIError as error:
            fault = fault_of(error)
            if fault is None or not fault.may_pass:
                raise
            wait = delay(attempt, FIRST_WAIT, LONGEST_WAIT, SystemRandom().random())
            log.warning("database_not_reached", error=meaning(error), seconds=round(wait, 1))
            if stop.wait(wait):
                return False
    return True


def serve_while_waiting(server: StoppableServer, listening: socket.socket, store: Store, settings: Settings) -> None:
    """Serve HTTP at once, but answer 503 until the database is ready.

    Raises PullcordError if the database is unsuitable.
    """
    stop, refused = Event(), list[PullcordError]()

    def wait() -> None:
        try:
            database_there(store, settings, stop)
        except PullcordError as error:
            refused.append(error)
            server.should_exit = True

    Thread(target=wait, name="database wait", daemon=True).start()
    server.run(sockets=[listening])
    stop.set()
    if refused:
        raise refused[0]


def meaning(error: DBAPIError) -> str:
    # The text is only searched, never shown.
    said = str(error.orig)
    # If the error is unknown, only its type is shown.
    return next((meant for sign, meant in SIGNS.items() if re.search(sign, said)), kind_of(error))
