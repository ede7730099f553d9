from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection

from schemas.codes import DONE_BY_PERSON
from services.alerts.review.case import Case
from services.alerts.views import sealed_act
from services.console.links import Link
from services.console.pages import Acknowledgement
from services.console.store import find_acknowledgements, find_acts
from services.storage.store import Store


class TakenCases(NamedTuple):
    acknowledgement: Acknowledgement
    cases: frozenset[str]


def taken_of(connection: Connection, store: Store, link: Link) -> list[TakenCases]:
    # Names are sealed in the audit. Only a council with the link of the alert sees them.
    found = find_acknowledgements(connection, [alert.reference for alert in link.alerts])
    each = [(_who(store, row), frozenset(row.fields["cases"])) for row in found]
    # A form with many cases, or with cases of several alerts, writes several rows at one moment.
    return [
        TakenCases(who, frozenset().union(*(cases for _, cases in rows)))
        for who, rows in groupby(each, key=itemgetter(0))
    ]


def takers(connection: Connection, store: Store, cases: Sequence[Case]) -> dict[str, Acknowledgement]:
    """Map the reference of each case to the newest act of a person. A case without an act of a person is left out."""
    rows = find_acts(connection, [case.reference for case in cases])
    # The rows come oldest first, so the last act of each case stays.
    last = {row.subject: row for row in rows if row.fields["event"] in DONE_BY_PERSON}
    return {subject: _who(store, row) for subject, row in last.items()}


def number_of_acknowledgement(taken: Sequence[TakenCases], name: str, cases: Collection[str]) -> int | None:
    """Return the position of the person's newest acknowledgement of exactly these cases, or None if there is none.

    Positions in `taken` begin at 1.
    """
    found = [
        number
        for number, one in enumerate(taken, start=1)
        if one.acknowledgement.by.casefold() == name.strip().casefold() and one.cases == set(cases)
    ]
    return found[-1] if found else None


def _who(store: Store, row: Any) -> Acknowledgement:
    act = sealed_act(store, row.pk, row.actor_sealed)
    return Acknowledgement(str(act["actor"]), row.at, act.get("link_sent_to"))
