from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from services.alerts.case.consumer import effects_of
from services.alerts.case.guard import with_kept_facts
from services.alerts.case.store.alerts import cases_in_later_alerts
from services.alerts.case.store.cases import save_cases
from services.alerts.case.store.contexts import load_contexts
from services.alerts.delivery.delivery import Delivery
from services.alerts.delivery.metrics import FIRST_MESSAGE
from services.alerts.delivery.store.alerts import (
    Alert,
    find_alert_by_id,
    lowest_level_written_for,
    mark_accepted,
    said_by_entry,
)
from services.alerts.delivery.store.earlier import (
    AcceptedBefore,
    acceptances_beside,
    cases_said_to_be_over_later,
)
from services.alerts.delivery.store.receipts import ReceivedFor
from services.alerts.policy.councils import Council, load_council
from services.alerts.policy.escalation.levels import level_asked
from services.alerts.policy.policy import CouncilPolicy, next_escalation
from services.alerts.review.case import Case
from services.alerts.review.owed import CasePolicy, what_is_owed
from services.alerts.review.step import KNOWN_TO_COUNCIL, MessageAboutCase, with_accepted
from services.alerts.review.withdrawal import is_about_withdrawal
from services.storage.events.process import write_effects
from services.storage.unit_of_work import UnitOfWork

BATCH = 2_000  # cases reviewed at once, to bound memory; all batches are in one transaction


def count_as_accepted(work: UnitOfWork, delivery: Delivery | ReceivedFor, composed_at: datetime | None) -> None:
    """Mark the alert's cases as alerted, because a message of the alert was accepted.

    `composed_at` is the time at which the message was written, or None if this time is unknown.
    Cases are locked here, so the caller must lock deliveries only after this call.
    """
    connection, now, alert_pk = work.connection, work.now, delivery.alert_pk
    alert = find_alert_by_id(connection, alert_pk)
    if alert is None or alert.cases == 0:
        return
    council = load_council(connection, work.store, alert.feed_id)
    # An address that nobody has verified covers for nobody.
    level = level_asked(council.policy, delivery.tier, delivery.contact) if delivery.verified else 0
    if alert.accepted_at is not None:
        # Most later messages go to levels that the alert was written for, and change nothing.
        if level > lowest_level_written_for(connection, alert_pk) and not is_about_withdrawal(alert.reason):
            _change_cases(work, alert_pk, council, lambda case, _: _with_asked(case, level, composed_at))
        return
    about_withdrawal = is_about_withdrawal(alert.reason)
    said_to_be_over = cases_said_to_be_over_later(connection, alert_pk)

    def accepted(case: Case, said: MessageAboutCase) -> Case:
        # The message leaves out a case that was already over or on hold. A message about withdrawn notices names it.
        if composed_at is not None and not about_withdrawal and _was_at_rest(case, composed_at):
            return case
        # There was news after the message, or a later alert is being sent. The message about that will count.
        if case.tried_at is None or alert_pk < (case.tried_alert or 0):
            if about_withdrawal:
                return case
            # The council now knows of the danger, so it needs a message also if the danger passes before that one.
            knows_end = case.pk in said_to_be_over or case.state in KNOWN_TO_COUNCIL
            warned = case if case.warned or knows_end else replace(case, warned=True)
            return _with_asked(warned, level, composed_at)
        _time_first(case, alert, council.policy, now)
        # Somebody may have had the message in place of others, and the silence is then theirs too.
        heard = said._replace(last_level=max(said.last_level, level))
        return with_accepted(case, heard, alert.reason, council.policy, now)

    _change_cases(work, alert_pk, council, accepted)
    mark_accepted(connection, alert_pk, now)


def _with_asked(case: Case, level: int, composed_at: datetime | None) -> Case:
    # A message that was composed before a person acted, or before news, asked nobody.
    since = max(case.opened_at, case.paused_until or case.opened_at)
    if composed_at is None or composed_at < since or not 0 < case.asked < level:
        return case
    return replace(case, asked=level)


def _was_at_rest(case: Case, at: datetime) -> bool:
    return case.clock_stopped and not case.changes_wait and case.state_since < at


def count_as_refused(work: UnitOfWork, alert_pk: int) -> None:
    """Mark the alert's cases as not alerted, because no message of the alert has arrived.

    Cases are locked here, so the caller must lock deliveries only after this call.
    """
    connection, now = work.connection, work.now
    alert = find_alert_by_id(connection, alert_pk)
    if alert is None or alert.accepted_at is None or alert.cases == 0:
        return
    council = load_council(connection, work.store, alert.feed_id)
    before, later = acceptances_beside(connection, alert_pk), cases_in_later_alerts(connection, alert_pk)
    withdrawn = is_about_withdrawal(alert.reason)

    def refused(case: Case, said: MessageAboutCase) -> Case:
        # A later message about the case has its own outcome. A person who acted has heard of the case.
        acted = case.paused_until is not None and case.paused_until > alert.created_at
        if case.pk in later or case.tried_at is not None or acted:
            return case
        if withdrawn:
            return replace(case, warned=True, tried_at=now, tried_alert=alert_pk)
        return _refused(case, said, before.get(case.pk), alert_pk, now)

    mark_accepted(connection, alert_pk, None)
    _change_cases(work, alert_pk, council, refused)


def _refused(case: Case, said: MessageAboutCase, before: AcceptedBefore | None, alert_pk: int, now: datetime) -> Case:
    # News after the message has made the case owed already.
    if case.last_alert_at is None:
        return case
    known = before if before is not None and before.at >= case.opened_at else None
    is_reminder = said.first_level == 1
    return replace(
        case,
        last_alert_at=known.at if known else None,
        warned=known is not None,
        last_threshold=(known.threshold if known else None) if is_reminder else case.last_threshold,
        unanswered=max(0, case.unanswered - is_reminder),
        tried_at=now,
        tried_alert=alert_pk,
    )


def _change_cases(
    work: UnitOfWork, alert_pk: int, council: Council, change: Callable[[Case, MessageAboutCase], Case]
) -> None:
    # Reviews and saves each case of the alert for which `change` returns another case.
    connection, now = work.connection, work.now
    said = said_by_entry(connection, alert_pk)
    policy = CasePolicy(council.policy, version=council.version)
    entries = list(said)
    for start in range(0, len(entries), BATCH):
        contexts = with_kept_facts(load_contexts(connection, entries[start : start + BATCH]))
        reviews = []
        for entry_pk, context in contexts.items():
            case = context.case and change(context.case, said[entry_pk])
            if case is not None and case is not context.case:
                reviews.append(what_is_owed(case, context.entry, context.lines, policy, now))
        save_cases(connection, (review.case for review in reviews))
        write_effects(work, effects_of(reviews))


def _time_first(case: Case, alert: Alert, policy: CouncilPolicy, now: datetime) -> None:
    if case.last_alert_at is not None:
        return
    # The time of a try says nothing about when the message was due.
    due = next_escalation(replace(case.clock, tried_at=None), policy, now)
    if due is not None:
        # A message that waited for its reader's next working day was not due before.
        waited = case.tried_at is not None and case.tried_at > alert.created_at
        due_at = case.tried_at if waited and case.tried_at else due.due_at
        FIRST_MESSAGE.observe(max(0.0, (now - due_at).total_seconds()))
