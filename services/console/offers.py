from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import NamedTuple

from sqlalchemy import Connection

from services.alerts.case.acts import covered_by
from services.alerts.case.store.cases import cases_of_alerts
from services.alerts.review.case import Case
from services.console.links import Link


class Offer(NamedTuple):
    case: Case
    alert: str


def offers_of(connection: Connection, link: Link) -> dict[str, Offer]:
    """Return an offer for each case that the link can acknowledge. The key of an offer is the reference of the case.

    Leave out a case with news since the message with the link, because the person has not read the news.
    """
    left = [case for case in every_case(connection, link) if not case.clock_stopped]
    offered: dict[str, Offer] = {}
    for alert in link.alerts:
        # Most earlier messages have no case that a newer one does not offer.
        if not left:
            break
        covered = covered_by(connection, alert.pk)
        offered |= {case.reference: Offer(case, alert.reference) for case in left if covered(case)}
        left = [case for case in left if case.reference not in offered]
    return offered


def every_case(connection: Connection, link: Link) -> list[Case]:
    return cases_of_alerts(connection, [alert.pk for alert in link.alerts])


def by_alert(offers: Mapping[str, Offer], chosen: Collection[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for reference in chosen:
        found[offers[reference].alert].add(reference)
    return found
