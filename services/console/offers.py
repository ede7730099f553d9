from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import Connection

from services.console.links import Link
from services.console.store import ListedCase, listed_cases


def every_case(connection: Connection, link: Link) -> list[ListedCase]:
    return listed_cases(connection, [alert.pk for alert in link.alerts])


def offered(cases: Collection[ListedCase]) -> list[ListedCase]:
    """Leave out cases whose clock has stopped, and cases with news or a more urgent alert since the link's alerts."""
    return [case for case in cases if case.offered_by is not None and not case.clock_stopped]


def by_alert(link: Link, offers: Mapping[str, ListedCase], chosen: Collection[str]) -> dict[str, set[str]]:
    """Map the reference of each alert to the references of the chosen cases that this alert acknowledges."""
    references = {alert.pk: alert.reference for alert in link.alerts}
    found: dict[str, set[str]] = defaultdict(set)
    for reference in chosen:
        alert_pk = offers[reference].offered_by
        if alert_pk is not None:
            found[references[alert_pk]].add(reference)
    return found
