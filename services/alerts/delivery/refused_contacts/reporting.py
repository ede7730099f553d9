from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from services.alerts.delivery.contacts.contact_keys import contact_key
from services.alerts.delivery.contacts.cover import first_addresses
from services.alerts.delivery.contacts.verification import verified_contacts
from services.alerts.delivery.delivery import OPERATOR_TIER
from services.alerts.delivery.queue import Recipient, intend_deliveries, record_unreachable
from services.alerts.delivery.recipients.alert_writing import step_of
from services.alerts.delivery.refused_contacts.store import (
    RefusedContact,
    claim_unreported,
    councils_to_report_to,
    delete_refused_contact,
    mark_refusal_reported,
    refused_of,
)
from services.alerts.delivery.store.alerts import Alert, insert_alert
from services.alerts.policy.contacts import Contact
from services.alerts.policy.councils import load_council
from services.alerts.policy.escalation.levels import reachable_tiers
from services.alerts.policy.policy_settings import CouncilPolicy
from services.core.audit import AuditAction
from services.core.ids import new_reference
from services.core.tokens import Tokeniser
from services.storage.audit import AuditRow
from services.storage.sequences import allocate_ids
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork

CONTACT_REFUSED: Final = "contact_refused"


def report_refused_contacts(store: Store, fallback: Sequence[Contact], now: datetime) -> int:
    """Return the number of reports."""
    with store.reading() as connection:
        councils = councils_to_report_to(connection, now)
    written = 0
    for feed_id in councils:
        with store.writing() as connection:
            written += _report(UnitOfWork(connection, store, now), feed_id, fallback)
    return written


def _report(work: UnitOfWork, feed_id: str, fallback: Sequence[Contact]) -> int:
    policy = load_council(work.connection, work.store, feed_id).policy
    tokeniser = work.store.tokeniser
    unusable = {one.contact_key for one in refused_of(work.connection, feed_id)}
    usable = {one for one in policy.every_contact if contact_key(tokeniser, feed_id, one) not in unusable}
    verified = verified_contacts(work.connection, tokeniser, feed_id, usable)
    operator = tuple(Recipient(OPERATOR_TIER, one, work.now) for one in fallback)
    reports: dict[tuple[Recipient, ...], list[RefusedContact]] = {}
    for one in claim_unreported(work.connection, feed_id):
        if is_in_policy(policy, tokeniser, one):
            managers = _managers(policy, usable, verified, one.person, work.now) or operator
            reports.setdefault(managers, []).append(one)
        else:
            # Somebody has mended the address meanwhile, or taken the person off the policy.
            delete_refused_contact(work.connection, one.contact_key)
    for managers, refused in reports.items():
        _write(work, policy, feed_id, managers, refused)
    return len(reports)


def is_in_policy(policy: CouncilPolicy, tokeniser: Tokeniser, refused: RefusedContact) -> bool:
    keys = (contact_key(tokeniser, refused.feed_id, one) for one in policy.every_contact)
    return refused.contact_key in keys


def _managers(
    policy: CouncilPolicy, usable: Collection[Contact], verified: Collection[Contact], person: str, now: datetime
) -> tuple[Recipient, ...]:
    for tier in reversed(reachable_tiers(policy)):
        others = [one for one in tier.contacts if one.person != person and one in usable]
        if others:
            chosen = first_addresses(others, verified)
            return tuple(Recipient(tier.label, one, now, one in verified) for one in chosen)
    return ()


def _write(
    work: UnitOfWork,
    policy: CouncilPolicy,
    feed_id: str,
    managers: Sequence[Recipient],
    refused: Sequence[RefusedContact],
) -> None:
    (pk,) = allocate_ids(work.connection, "alerts", 1)
    reference = new_reference("A", work.store.random)
    # An address that nobody has verified covers for nobody, so the next are asked at once.
    verified = any(one.verified for one in managers)
    check_at = work.now + step_of(policy, urgent=False) if verified else work.now
    insert_alert(
        work.connection, Alert(pk, reference, feed_id, 0, CONTACT_REFUSED, work.now, cases=0, check_at=check_at)
    )
    intend_deliveries(work, pk, managers)
    for one in refused:
        mark_refusal_reported(work.connection, one, pk)
    counts = {"cases": 0, "deliveries": len(managers)}
    fields = {"alert": reference, "threshold": 0, "reason": CONTACT_REFUSED, **counts}
    work.record_audit(AuditRow(AuditAction.ALERT_INTENDED, fields, subject=reference, feed_id=feed_id))
    if not managers:
        record_unreachable(work, feed_id, reference, 0)
