from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection

from services.audit.checks.store import StoredAlert, stored_alerts, stored_deliveries
from services.audit.store import recorded_actions
from services.core.audit import AuditAction
from services.core.differences import NOT_THERE, Difference

_OF_ALERTS = (AuditAction.ALERT_INTENDED, AuditAction.ALERT_ACKNOWLEDGED, AuditAction.LINK_REVOKED)
_OF_DELIVERIES = (
    AuditAction.ATTEMPT_STARTED,
    AuditAction.DELIVERY_SENT,
    AuditAction.DELIVERY_FAILED,
    AuditAction.DELIVERY_IN_DOUBT,
    AuditAction.DELIVERY_GIVEN_UP,
    AuditAction.DELIVERY_NOT_NEEDED,
    AuditAction.DELIVERY_REFUSED,
    AuditAction.DELIVERY_RECEIVED,
    AuditAction.CONTACT_LINK_REVOKED,
)
# The final states of a delivery, each with the actions that lead to it.
_FINAL = {
    "sent": {AuditAction.DELIVERY_SENT, AuditAction.DELIVERY_RECEIVED},
    "given_up": {AuditAction.DELIVERY_GIVEN_UP},
    "not_needed": {AuditAction.DELIVERY_NOT_NEEDED},
    "refused": {AuditAction.DELIVERY_REFUSED},
}


@dataclass(slots=True)
class _Told:
    cases: int = 0
    deliveries: int = 0
    acknowledged: bool = False
    link_revoked: bool = False
    attempted: bool = False


@dataclass(slots=True)
class _Delivery:
    alert: str
    attempts: int = 0
    link_revoked: bool = False
    came_back: bool = False  # the last receipt says so
    actions: set[AuditAction] = field(default_factory=set)


def alert_differences(connection: Connection) -> Iterator[Difference]:
    told, sent = _replayed(connection)
    for alert in stored_alerts(connection):
        known = told.pop(alert.reference, None)
        if known is None:
            yield Difference(f"alert {alert.reference}", "there", NOT_THERE)
        else:
            yield from _of_alert(alert, known)
    for reference in sorted(told):
        yield Difference(f"alert {reference}", NOT_THERE, "there")
    yield from _of_deliveries(connection, sent)


def _replayed(connection: Connection) -> tuple[dict[str, _Told], dict[int, _Delivery]]:
    told: dict[str, _Told] = {}
    sent: dict[int, _Delivery] = {}
    for row in recorded_actions(connection, (*_OF_ALERTS, *_OF_DELIVERIES)):
        alert = told.setdefault(row.fields["alert"], _Told())
        if row.action is AuditAction.ALERT_INTENDED:
            alert.cases, alert.deliveries = row.fields["cases"], row.fields["deliveries"]
        elif row.action is AuditAction.ALERT_ACKNOWLEDGED:
            alert.acknowledged = True
        elif row.action is AuditAction.LINK_REVOKED:
            alert.link_revoked = True
        else:
            known = sent.setdefault(row.fields["delivery"], _Delivery(row.fields["alert"]))
            known.actions.add(row.action)
            if row.action in (AuditAction.DELIVERY_REFUSED, AuditAction.DELIVERY_RECEIVED):
                known.came_back = row.action is AuditAction.DELIVERY_REFUSED
            known.link_revoked |= row.action is AuditAction.CONTACT_LINK_REVOKED
            known.attempts = max(known.attempts, row.fields.get("number", 0))
            alert.attempted |= row.action is AuditAction.ATTEMPT_STARTED
    return told, sent


def _of_alert(alert: StoredAlert, told: _Told) -> Iterator[Difference]:
    what = f"alert {alert.reference}"
    for kind, on_record, by_the_audit in (
        ("acknowledged", alert.acknowledged, told.acknowledged),
        ("link revoked", alert.link_revoked, told.link_revoked),
    ):
        if on_record is not by_the_audit:
            yield Difference(f"{what} {kind}", _yes(on_record), _yes(by_the_audit))
    # An accepted message had an attempt before it.
    if alert.accepted and not told.attempted:
        yield Difference(f"{what} accepted", "yes", "never attempted")
    if alert.cases != told.cases:
        yield Difference(f"{what} cases", str(alert.cases), str(told.cases))
    # The operator's contacts may be added when those of the council could not be reached.
    if alert.deliveries < told.deliveries:
        yield Difference(f"{what} deliveries", str(alert.deliveries), str(told.deliveries))


def _of_deliveries(connection: Connection, sent: dict[int, _Delivery]) -> Iterator[Difference]:
    for row in stored_deliveries(connection):
        told = sent.pop(row.pk, None) or _Delivery(row.reference)
        what = f"delivery {row.pk} of alert {row.reference}"
        final = _FINAL.get(row.state)
        if final is not None and (told.actions.isdisjoint(final) or (row.state == "sent" and told.came_back)):
            yield Difference(what, row.state.replace("_", " "), "not so")
        elif final is None and AuditAction.DELIVERY_SENT in told.actions:
            yield Difference(what, row.state, "sent")
        if final is None and row.due_at is None:
            yield Difference(what, f"{row.state}, never due", "due")
        if row.attempts != told.attempts or row.stored_attempts != told.attempts:
            yield Difference(f"{what} attempts", str(min(row.attempts, row.stored_attempts)), str(told.attempts))
        if row.link_revoked is not told.link_revoked:
            yield Difference(f"{what} link revoked", _yes(row.link_revoked), _yes(told.link_revoked))
    for pk, delivery in sorted(sent.items()):
        yield Difference(f"delivery {pk} of alert {delivery.alert}", NOT_THERE, "there")


def _yes(value: bool) -> str:
    return "yes" if value else "no"
