from __future__ import annotations

import re
from contextlib import suppress
from typing import Annotated, Final

import typer
from sqlalchemy import Connection

from services.alerts.case.store.cases import find_case
from services.alerts.review.case import Case
from services.core.errors import NotFoundError, RefusedError
from services.runtime.cli.support.open_deployment import find_feed
from services.runtime.cli.support.store import cases_of_records
from services.storage.feeds import list_feeds
from services.storage.store import Store

OfCouncil = Annotated[
    str | None, typer.Option(help="Whose reference it is, by GSS code; needed if two councils use it.", metavar="CODE")
]

CASE_HELP: Final = "The case, such as C-7K3M-2Q9P, or your own reference of the register entry."

_LIKE_AN_ALERT: Final = re.compile(r"A-[A-Z0-9]{4}-[A-Z0-9]{4}")
_LIKE_A_CASE: Final = re.compile(r"C-[A-Z0-9]{4}-[A-Z0-9]{4}")


def is_alert(typed: str) -> bool:
    return _LIKE_AN_ALERT.fullmatch(typed.strip().upper()) is not None


def named_case(connection: Connection, store: Store, typed: str, council: str | None = None) -> Case:
    """Raises NotFoundError if there is no such case. Raises RefusedError if several councils use the reference."""
    # The own references of a council may look like references of cases, so both are tried.
    if _LIKE_A_CASE.fullmatch(typed.strip().upper()):
        with suppress(NotFoundError):
            return find_case(connection, typed, None)
    found = _by_own_reference(connection, store, typed, council)
    if not found:
        raise NotFoundError(
            "there is no case of this reference: name a case, such as C-7K3M-2Q9P, or an entry by the reference that "
            "the register gives it; `pullcord cases --all` lists both"
        )
    if len(found) > 1:
        named = ", ".join(f"{case.reference} ({case.feed_id.partition(':')[2]})" for case in found)
        raise RefusedError(f"several councils use this reference: name one of the cases {named}")
    return found[0]


def _by_own_reference(connection: Connection, store: Store, typed: str, council: str | None) -> list[Case]:
    chosen = [find_feed(connection, "council", council)] if council else list_feeds(connection, "council")
    # The reference as it was typed, and in the letter case that most registers use.
    own = dict.fromkeys((typed.strip(), typed.strip().upper()))
    keys = [store.tokeniser.record_key(feed.feed_id, reference) for feed in chosen for reference in own]
    return cases_of_records(connection, keys)
