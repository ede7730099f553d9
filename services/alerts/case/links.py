from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from services.alerts.case.store.alerts import FoundAlert, cases_in_later_alerts, find_alert
from services.alerts.case.store.cases import cases_of_alert, save_cases
from services.alerts.case.store.links import (
    alerts_with_links,
    count_messages,
    has_link,
    mark_alert_revoked,
    mark_deliveries_revoked,
)
from services.alerts.review.case import Case
from services.alerts.review.step import with_news
from services.core.audit import AuditAction
from services.core.errors import NotFoundError
from services.core.texts import PersonName
from services.storage.audit import AuditRow
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork


def revoke_link(
    store: Store, alert: str, by: PersonName, feed_id: str | None = None, contact: str | None = None
) -> bool:
    """Revoke the links of an alert. Return False if the links were already revoked.

    Raises NotFoundError if the alert is unknown, or if the alert has no message to `contact`.
    """
    with store.writing() as connection:
        work = UnitOfWork(connection, store, store.now())
        found = find_alert(connection, alert, feed_id)
        # Cases are locked before alerts and deliveries, as by whoever sends the alert.
        members = cases_of_alert(connection, found.pk, to_change=True)
        if contact is None:
            return _revoke(work, found, members, by)
        return _revoke_of_contact(work, found, members, by, contact)


def revoke_links_of(store: Store, feed_id: str, by: PersonName, contact: str | None = None) -> int:
    """Return the number of alerts with newly revoked links."""
    with store.reading() as connection:
        references = alerts_with_links(connection, feed_id, contact)
    # One transaction each, because an alert may have thousands of cases.
    return sum(revoke_link(store, reference, by, feed_id, contact) for reference in references)


def _revoke(work: UnitOfWork, alert: FoundAlert, members: Sequence[Case], by: str) -> bool:
    # The first time of revocation stays on record.
    if not mark_alert_revoked(work.connection, alert.pk, work.now):
        return False
    fields = {"alert": alert.reference}
    row = AuditRow(AuditAction.LINK_REVOKED, fields, subject=alert.reference, feed_id=alert.council, actor=by)
    work.record_audit(row)
    _tell_again(work, alert, members)
    return True


def _revoke_of_contact(work: UnitOfWork, alert: FoundAlert, members: Sequence[Case], by: str, contact: str) -> bool:
    if not count_messages(work.connection, alert.pk, contact):
        raise NotFoundError("the alert has no message to this contact")
    revoked = mark_deliveries_revoked(work.connection, alert.pk, contact, work.now)
    work.record_audit(
        *(
            AuditRow(
                AuditAction.CONTACT_LINK_REVOKED,
                {"alert": alert.reference, "delivery": pk},
                subject=alert.reference,
                feed_id=alert.council,
                actor=by,
            )
            for pk in revoked
        )
    )
    # A colleague's link to the same cases still works.
    if revoked and not has_link(work.connection, alert.pk):
        _tell_again(work, alert, members)
    return bool(revoked)


def _tell_again(work: UnitOfWork, alert: FoundAlert, members: Sequence[Case]) -> None:
    later = cases_in_later_alerts(work.connection, alert.pk)
    save_cases(work.connection, [_to_tell_again(case, work) for case in members if _needs_link(case, later, work)])


def _needs_link(case: Case, later: Collection[int], work: UnitOfWork) -> bool:
    # Somebody acts on a case that is paused. Its next message, with another link, comes after the pause.
    paused = case.paused_until is not None and case.paused_until > work.now
    return not case.clock_stopped and not paused and case.pk not in later


def _to_tell_again(case: Case, work: UnitOfWork) -> Case:
    return replace(with_news(case, work.now), due_at=work.now)
