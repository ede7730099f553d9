from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.events import AlertIntended
from services.alerts.delivery.queue import Recipient, cancel_older, intend_deliveries
from services.alerts.delivery.store.alerts import Alert, insert_alert, insert_alert_cases
from services.alerts.policy.policy_settings import CouncilPolicy
from services.core.audit import AuditAction
from services.core.ids import new_reference
from services.storage.audit import AuditRow
from services.storage.events.outbox import Announcement
from services.storage.sequences import allocate_ids
from services.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class AlertToWrite:
    feed_id: str
    threshold: int
    reason: str
    urgent: bool
    # Rows of `alert_cases` without the id of the alert.
    case_rows: Sequence[Mapping[str, object]]
    recipients: Sequence[Recipient]
    # The alerts that this one joins. What was owed to a person stays owed since the first of them.
    joined: Sequence[Alert] = ()


@dataclass(frozen=True, slots=True)
class WrittenAlert:
    pk: int
    reference: str
    # The ids of the cases about which an earlier message, which this alert replaces, may have reached somebody.
    in_doubt: frozenset[int]


def write_alert(work: UnitOfWork, policy: CouncilPolicy, alert: AlertToWrite, *, handed_over: int = 0) -> WrittenAlert:
    (pk,) = allocate_ids(work.connection, "alerts", 1)
    reference = new_reference("A", work.store.random)
    made = len(alert.recipients) + handed_over
    first = first_sent(alert.recipients, work.now)
    insert_alert(
        work.connection,
        Alert(
            pk,
            reference,
            alert.feed_id,
            alert.threshold,
            alert.reason,
            work.now,
            len(alert.case_rows),
            urgent=alert.urgent,
            owed_since=min((one.owed_since or one.created_at for one in alert.joined), default=work.now),
            check_at=_check_at(policy, alert, first) if made else None,
        ),
    )
    insert_alert_cases(work.connection, [{**row, "alert_pk": pk} for row in alert.case_rows])
    in_doubt = cancel_older(work, pk, alert.feed_id, [one.contact.person for one in alert.recipients])
    intend_deliveries(work, pk, alert.recipients)
    event = AlertIntended(
        alert=reference,
        council=alert.feed_id,
        threshold=alert.threshold,
        reason=alert.reason,
        cases=len(alert.case_rows),
        deliveries=made,
    )
    work.announce([Announcement("alerts", alert.feed_id, event)])
    fields = event.model_dump(exclude={"council"})
    work.record_audit(AuditRow(AuditAction.ALERT_INTENDED, fields, subject=reference, feed_id=alert.feed_id))
    return WrittenAlert(pk, reference, frozenset(in_doubt))


def _check_at(policy: CouncilPolicy, alert: AlertToWrite, first: datetime) -> datetime:
    # An address that nobody has verified covers for nobody, so others are asked at once.
    looks = [one.check_at for one in alert.joined if one.check_at is not None]
    if looks:
        # Joining must not put off the moment at which others are asked.
        return min(looks)
    tiers = {one.tier for one in alert.recipients}
    covered = {one.tier for one in alert.recipients if one.verified}
    return first if tiers - covered else first + step_of(policy, urgent=alert.urgent)


def step_of(policy: CouncilPolicy, *, urgent: bool) -> timedelta:
    return timedelta(minutes=policy.unreached_urgent_minutes if urgent else policy.unreached_minutes)


def first_sent(recipients: Sequence[Recipient], otherwise: datetime) -> datetime:
    return min((one.due_at for one in recipients), default=otherwise)
