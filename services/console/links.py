"""Finds the alert that a link leads to, or the reason why the link does not work."""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from services.alerts.case.store.alerts import find_alert
from services.alerts.case.store.cases import cases_of_alert
from services.console.pages import LinkProblem
from services.console.store import cases_alerted_since
from services.core.errors import NotFoundError
from services.storage.store import Store


class Link(NamedTuple):
    pk: int  # the id of the alert
    reference: str  # the reference of the alert, as people see it
    council: str


def follow(connection: Connection, store: Store, token: str, lasts: timedelta) -> Link | LinkProblem:
    """Return the alert of a link, or the reason why the link does not work.

    `token` is the last part of the link's address. A link works for the time `lasts` after its alert was written. Later
    it still works if the alert has an open case that is in no later alert.
    """
    reference, _, code = token.partition(".")
    # The codes are compared in constant time, so that the time of the answer does not help to guess a code.
    if not hmac.compare_digest(code.encode(), store.tokeniser.link_code(reference).encode()):
        return LinkProblem.UNKNOWN
    # A wrong code and a missing alert get the same answer, so that nobody can learn which references exist.
    try:
        alert = find_alert(connection, reference)
    except NotFoundError:
        return LinkProblem.UNKNOWN
    if alert.link_revoked_at is not None:
        return LinkProblem.REVOKED
    if store.now() - alert.created_at > lasts and _has_successors(connection, alert.pk):
        return LinkProblem.EXPIRED
    return Link(alert.pk, reference, alert.council)


def _has_successors(connection: Connection, alert_pk: int) -> bool:
    # True if later messages named every case that is still open. Otherwise this link is the only one for such a case.
    still_open = {case.pk for case in cases_of_alert(connection, alert_pk) if not case.clock_stopped}
    return still_open <= cases_alerted_since(connection, alert_pk, still_open)
