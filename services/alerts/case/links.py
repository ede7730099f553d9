"""Revokes the links of alerts, for example after a message reached the wrong person."""

from __future__ import annotations

from dataclasses import replace

from services.alerts.case.store.alerts import (
    FoundAlert,
    find_alert,
    links_of_council,
    mark_link_revoked,
    most_urgent_since,
)
from services.alerts.case.store.cases import cases_of_alert, save_cases
from services.alerts.review.case import Case
from services.alerts.review.step import with_news
from services.core.audit import AuditAction
from services.core.texts import PersonName
from services.storage.audit import AuditRow
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork


def revoke_link(store: Store, alert: str, by: PersonName, feed_id: str | None = None) -> bool:
    """Revoke the link of an alert. `feed_id` limits the search to one council.

    If an open case of the alert is in no later alert, the council gets a new message about the case, with a new link.
    Return False if the link was already revoked. Raises NotFoundError if there is no such alert.
    """
    with store.writing() as connection:
        work = UnitOfWork(connection, store, store.now())
        return _revoke(work, find_alert(connection, alert, feed_id), by)


def revoke_links_of(store: Store, feed_id: str, by: PersonName) -> int:
    """Revoke the links of all alerts of a council. Return the number of newly revoked links."""
    with store.reading() as connection:
        references = links_of_council(connection, feed_id)
    # One transaction each, because an alert may have thousands of cases.
    return sum(revoke_link(store, reference, by, feed_id) for reference in references)


def _revoke(work: UnitOfWork, alert: FoundAlert, by: str) -> bool:
    # The first time of revocation stays on record.
    if not mark_link_revoked(work.connection, alert.pk, work.now):
        return False
    members = cases_of_alert(work.connection, alert.pk, to_change=True)
    later = most_urgent_since(work.connection, alert.pk)
    save_cases(work.connection, [_to_tell_again(case, work) for case in members if _needs_link(case, later, work)])
    fields = {"alert": alert.reference}
    row = AuditRow(AuditAction.LINK_REVOKED, fields, subject=alert.reference, feed_id=alert.council, actor=by)
    work.record_audit(row)
    return True


def _needs_link(case: Case, later: dict[int, int], work: UnitOfWork) -> bool:
    # Somebody acts on a case that is paused. Its next message, with another link, comes after the pause.
    paused = case.paused_until is not None and case.paused_until > work.now
    return not case.clock_stopped and not paused and case.pk not in later


def _to_tell_again(case: Case, work: UnitOfWork) -> Case:
    return replace(with_news(case, work.now), due_at=work.now)
