"""Where the link in an alert leads: to its alert, or to what is wrong with it."""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from services.alerts.case.store.alerts import find_alert
from services.alerts.case.store.cases import cases_of_alert
from services.console.pages import LinkProblem
from services.console.store import told_since
from services.core.errors import NotFoundError
from services.storage.store import Store


class Link(NamedTuple):
    """The alert whose link was followed: its id, its reference and its council."""

    pk: int
    reference: str
    council: str


def follow(connection: Connection, store: Store, token: str, lasts: timedelta) -> Link | LinkProblem:
    """The alert behind the last part of a link's address. A link `lasts` from when its alert was made."""
    reference, _, code = token.partition(".")
    if not hmac.compare_digest(code.encode(), store.tokeniser.link_code(reference).encode()):
        return LinkProblem.UNKNOWN
    try:
        alert = find_alert(connection, reference)
    except NotFoundError:
        return LinkProblem.UNKNOWN
    if store.now() - alert.created_at > lasts and _has_successors(connection, alert.pk):
        return LinkProblem.EXPIRED
    return Link(alert.pk, reference, alert.council)


def _has_successors(connection: Connection, alert_pk: int) -> bool:
    """Whether a later message told of each case that is still open: nobody is left without a link that works."""
    still_open = {case.pk for case in cases_of_alert(connection, alert_pk) if not case.clock_stopped}
    return still_open <= told_since(connection, alert_pk, still_open)
