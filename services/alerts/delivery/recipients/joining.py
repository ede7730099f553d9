from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from services.alerts.delivery.addressing import route_of
from services.alerts.delivery.delivery import NO_COUNCIL
from services.alerts.delivery.queue import hand_over, settle_as_not_needed
from services.alerts.delivery.recipients.alert_writing import AlertToWrite, write_alert
from services.alerts.delivery.store.alerts import Alert, load_alert
from services.alerts.delivery.store.claims import DueDelivery, load_due
from services.alerts.delivery.store.recipients import WaitingDelivery, newest_case_rows, waiting_for
from services.alerts.policy.councils import load_council
from services.storage.unit_of_work import UnitOfWork
from services.storage.vault import VaultError


class _Person(NamedTuple):
    feed_id: str
    contact: str
    channel: str
    # A message about withdrawn notices asks nobody to act, so it stays apart.
    withdrawn: bool


def join_waiting(work: UnitOfWork, due: Sequence[DueDelivery]) -> list[DueDelivery]:
    """Combine waiting messages to the same person and channel. Return the deliveries to send now.

    The caller must have locked the deliveries in `due`.
    """
    waiting = _waiting(work, due)
    first: dict[int, DueDelivery] = {one.delivery.pk: one for one in due}
    for mine in waiting.values():
        claimed = [first[one.pk] for one in mine if one.pk in first]
        if len(mine) > 1 and claimed:
            joined = _joined(work, claimed[0], mine)
            if joined is not None:
                for one in claimed:
                    del first[one.delivery.pk]
                first[joined.delivery.pk] = joined
    return list(first.values())


def _waiting(work: UnitOfWork, due: Sequence[DueDelivery]) -> Mapping[_Person, list[WaitingDelivery]]:
    councils = [one.delivery for one in due if one.delivery.feed_id not in NO_COUNCIL and not one.left_sending]
    if not councils:
        return {}
    feeds, contacts = ({getattr(one, name) for one in councils} for name in ("feed_id", "contact"))
    found: dict[_Person, list[WaitingDelivery]] = {}
    for one in waiting_for(work.connection, feeds, contacts):
        found.setdefault(_Person(one.feed_id, one.contact, one.channel, one.withdrawn), []).append(one)
    return found


def _joined(work: UnitOfWork, claimed: DueDelivery, mine: Sequence[WaitingDelivery]) -> DueDelivery | None:
    alerts = [load_alert(work.connection, pk) for pk in sorted({one.alert_pk for one in mine})]
    # Several deliveries of one alert to one person are no reason for another alert.
    if len(alerts) == 1:
        return None
    feed_id = claimed.delivery.feed_id
    try:
        # Opened before anything is written: a damaged route must not stop the other deliveries.
        route_of(work.store, claimed.delivery)
    except VaultError:
        return None
    policy = load_council(work.connection, work.store, feed_id).policy
    case_rows = newest_case_rows(work.connection, [alert.pk for alert in alerts])
    written = write_alert(work, policy, _union(feed_id, alerts, case_rows), handed_over=1)
    settle_as_not_needed(work, feed_id, [(one.pk, one.reference) for one in mine])
    return load_due(work.connection, hand_over(work, claimed.delivery, written.pk), work.store.random)


def _union(feed_id: str, alerts: Sequence[Alert], case_rows: Sequence[Mapping[str, object]]) -> AlertToWrite:
    # The lowest threshold (days before the harm) is the most urgent.
    most_urgent = min(reversed(alerts), key=lambda alert: (not alert.urgent, alert.threshold))
    urgent = any(alert.urgent for alert in alerts)
    return AlertToWrite(feed_id, most_urgent.threshold, most_urgent.reason, urgent, case_rows, (), alerts)
