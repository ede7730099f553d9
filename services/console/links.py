"""Finds the alert of a link, or the problem with the link."""

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
    pk: int  # of the alert
    reference: str  # of the alert, as people see it
    council: str


def follow(connection: Connection, store: Store, token: str, lasts: timedelta) -> Link | LinkProblem:
    """Return the alert of a link by the last part of its address, or the problem with it.

    A link lasts this long from when its alert was written, and longer while a case has no later link.
    """
    reference, _, code = token.partition(".")
    # Compared in constant time: the time of an answer must not help to guess a code.
    if not hmac.compare_digest(code.encode(), store.tokeniser.link_code(reference).encode()):
        return LinkProblem.UNKNOWN
    # A wrong code and a missing alert look the same, so that nobody can learn which references exist.
    try:
        alert = find_alert(connection, reference)
    except NotFoundError:
        return LinkProblem.UNKNOWN
    if store.now() - alert.created_at > lasts and _has_successors(connection, alert.pk):
        return LinkProblem.EXPIRED
    return Link(alert.pk, reference, alert.council)


def _has_successors(connection: Connection, alert_pk: int) -> bool:
    # True if a later message named each case that is still open. Otherwise this link stays the only one that works.
    still_open = {case.pk for case in cases_of_alert(connection, alert_pk) if not case.clock_stopped}
    return still_open <= cases_alerted_since(connection, alert_pk, still_open)
