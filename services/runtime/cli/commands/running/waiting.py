"""Opens a deployment whose database may not have started yet, since roles are started in any order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from random import SystemRandom
from threading import Event

import structlog
from sqlalchemy.exc import OperationalError

from services.core.backoff import delay
from services.runtime.cli.support.open_deployment import opened
from services.runtime.logs import kind_of
from services.runtime.settings import Settings
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


@contextmanager
def opened_when_there(settings: Settings) -> Iterator[Store]:
    """Open the deployment once its database can be reached.

    Raises KeysError if the keys are missing or faulty. Raises NotReadyError if the database is missing, or if
    its schema is missing or older.
    """
    with ExitStack() as stack:
        for attempt in count(1):
            try:
                store = stack.enter_context(opened(settings))
                break
            except OperationalError as error:
                wait = delay(attempt, FIRST_WAIT, LONGEST_WAIT, SystemRandom().random())
                log.warning("database_not_reached", error=meaning(error), seconds=round(wait, 1))
                # SIGTERM ends this wait, because it has its default effect until a role runs.
                Event().wait(wait)
        yield store


def meaning(error: OperationalError) -> str:
    """Return the reason why a database was not reached, in words for the operator."""
    # The text is only searched, never shown.
    said = str(error.orig)
    # Of an unknown error, only the type is shown.
    return next((meant for sign, meant in SIGNS.items() if re.search(sign, said)), kind_of(error))
