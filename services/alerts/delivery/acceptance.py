"""Marks the cases of an alert as alerted when a mail server or another service accepts a message of the alert."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.alerts.case.consumer import effects_of
from services.alerts.case.guard import with_kept_facts
from services.alerts.case.store.cases import save_cases
from services.alerts.case.store.contexts import load_contexts
from services.alerts.delivery.metrics import FIRST_MESSAGE
from services.alerts.delivery.store.alerts import Alert, find_alert_by_id, mark_accepted, said_by_entry
from services.alerts.policy.councils import load_council
from services.alerts.policy.policy import CouncilPolicy, next_escalation
from services.alerts.review.case import Case
from services.alerts.review.owed import CasePolicy, what_is_owed
from services.alerts.review.step import with_accepted
from services.storage.events.process import write_effects
from services.storage.unit_of_work import UnitOfWork

BATCH = 2_000  # cases reviewed at once, to bound memory; all batches are in one transaction


def count_as_accepted(work: UnitOfWork, alert_pk: int) -> None:
    """Record that a service accepted a message of an alert. Mark the cases of the alert as alerted.

    Only the first acceptance counts: it decides when the next message is due. This function locks the cases. Lock a
    delivery only after this call, because every writer of alerts locks the cases first.
    """
    connection, now = work.connection, work.now
    alert = find_alert_by_id(connection, alert_pk)
    if alert is None or alert.accepted_at is not None or alert.cases == 0:
        return
    said = said_by_entry(connection, alert_pk)
    council = load_council(connection, work.store, alert.feed_id)
    entries = list(said)
    for start in range(0, len(entries), BATCH):
        contexts = with_kept_facts(load_contexts(connection, entries[start : start + BATCH]))
        reviews = []
        for entry_pk, context in contexts.items():
            case = context.case
            # If a later alert about the case is being sent, the acceptance of that alert will count.
            if case is None or case.tried_at is None or alert_pk < (case.tried_alert or 0):
                continue
            policy = CasePolicy(council.policy, version=council.version)
            _time_first(case, alert, council.policy, now)
            case = with_accepted(case, said[entry_pk], alert.reason, council.policy, now)
            reviews.append(what_is_owed(case, context.entry, context.lines, policy, now))
        save_cases(connection, (review.case for review in reviews))
        write_effects(work, effects_of(reviews))
    mark_accepted(connection, alert_pk, now)


def _time_first(case: Case, alert: Alert, policy: CouncilPolicy, now: datetime) -> None:
    # The time of a try says nothing about when the message was due.
    due = next_escalation(replace(case.clock, tried_at=None), policy, now)
    if case.last_alert_at is None and due is not None:
        # A message that waited for its reader's next working day was not due before.
        waited = case.tried_at is not None and case.tried_at > alert.created_at
        due_at = case.tried_at if waited and case.tried_at else due.due_at
        FIRST_MESSAGE.observe(max(0.0, (now - due_at).total_seconds()))
