"""Turns cases that fall due into alerts: rows that say what is owed to whom, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain

from sqlalchemy import ColumnElement, Connection, and_, insert, or_, select

from schemas.events import AlertIntended
from services.alerts.case.consumer import effects_of
from services.alerts.case.new_rules import apply_ruleset
from services.alerts.case.recompute import recompute, with_changed_policy
from services.alerts.case.store import CASE_COLUMNS, councils_with_other_rules, find_due, load_contexts, save_cases
from services.alerts.delivery.acceptance import let_go_of_older
from services.alerts.delivery.operator import alert_operator
from services.alerts.delivery.queue import OPERATOR_TIER, intend_deliveries, record_unreachable
from services.alerts.policy.councils import Council, load_council
from services.alerts.policy.policy import Contact, Escalation, Tier, tiers_for
from services.alerts.review.case import Case
from services.alerts.review.owed import LOOK_AGAIN, CasePolicy, Owed, what_is_owed
from services.alerts.review.withdrawal import tells_of_withdrawal
from services.alerts.states.machine import ENDED
from services.alerts.states.rules import Ruleset
from services.core.audit import AuditAction
from services.core.ids import reference
from services.storage.audit import AuditRow, write_audit
from services.storage.dialect import skipping_locked
from services.storage.events.outbox import Announcement, announce
from services.storage.sequences import allocate_ids
from services.storage.store import Store
from services.storage.tables import alert_cases, alerts, cases

BATCH = 2_000
"""How many due cases one transaction handles."""

LOOK_AHEAD = timedelta(seconds=60)
"""The longest that cases wait to be told together (`CouncilPolicy.grouping_seconds` is at most this)."""


@dataclass(frozen=True, slots=True)
class DueEscalation:
    """A case and the escalation that is being told."""

    case: Case
    escalation: Escalation


@dataclass(frozen=True, slots=True)
class Engine:
    """Looks at due cases. `fallback` are the operator's contacts, told when a council has none that can be told."""

    store: Store
    ruleset: Ruleset
    fallback: tuple[Contact, ...] = ()

    def run_due(self) -> int:
        """Handle the cases that are due, a transaction a council; returns how many. Call again until it returns 0.

        A council whose cases cannot be handled holds up no other: the others are told first, then its fault is raised.
        """
        now = self.store.now()
        with self.store.reading() as connection:
            changed = with_changed_policy(connection)
            outdated = councils_with_other_rules(connection, self.ruleset.name)
            councils = connection.scalars(select(cases.c.feed_id).where(_is_due(now, now)).distinct()).all()
        handled, fault = alert_operator(self.store, self.fallback, now), None
        for feed_id in sorted({*changed, *outdated, *councils}):
            try:
                if feed_id in outdated:
                    handled += apply_ruleset(self.store, self.ruleset, feed_id)
                if feed_id in changed:
                    handled += recompute(self.store, self.ruleset, feed_id)
                if feed_id in councils:
                    handled += self._run_council(feed_id, now)
            except Exception as error:  # noqa: BLE001 - raised below, once everybody else has been told
                fault = error
        if fault is not None:
            raise fault
        return handled

    def _run_council(self, feed_id: str, now: datetime) -> int:
        with self.store.writing() as connection:
            due = _claim(connection, feed_id, now)
            self._look_at(connection, load_council(connection, self.store, feed_id), due, now)
        return sum(1 for case in due if case.due_at is not None and not _gathers(case.due_at, now))

    def _look_at(self, connection: Connection, council: Council, due: Sequence[Case], now: datetime) -> None:
        reviews = self._review(connection, council, due, now)
        told, quiet = _sort(reviews, now)
        _intend(connection, self.store, council, told, self.fallback, now)
        save_cases(connection, chain((_after_telling(one, council, now) for one in told), quiet))
        effects = effects_of(reviews)
        announce(connection, effects.announcements, now, self.store.random)
        write_audit(connection, self.store.vault, effects.audit, now)

    def _review(self, connection: Connection, council: Council, due: Sequence[Case], now: datetime) -> list[Owed]:
        contexts = load_contexts(connection, [case.entry_pk for case in due])
        policy = CasePolicy(council.policy, self.ruleset)
        return [
            what_is_owed(case, context.entry, context.lines, policy, now)
            for case in due
            if (context := contexts.get(case.entry_pk)) is not None
        ]


def _is_due(by: datetime, now: datetime) -> ColumnElement[bool]:
    """That a case is due. An open one that is due later than any look can be was written by a clock that ran ahead."""
    running = cases.c.state.not_in([state.value for state in ENDED])
    return or_(cases.c.due_at <= by, and_(cases.c.due_at > now + LOOK_AGAIN + LOOK_AHEAD, running))


def _gathers(due_at: datetime, now: datetime) -> bool:
    """Whether a case that was claimed only waits to join the others' message."""
    return now < due_at <= now + LOOK_AHEAD


def _claim(connection: Connection, feed_id: str, now: datetime) -> list[Case]:
    """A council's cases that are due, and with them those that are gathering for the same message."""
    query = select(*CASE_COLUMNS).where(_is_due(now + LOOK_AHEAD, now), cases.c.feed_id == feed_id)
    return find_due(connection, skipping_locked(connection, query.order_by(cases.c.due_at).limit(BATCH)))


def _sort(reviews: Iterable[Owed], now: datetime) -> tuple[list[DueEscalation], list[Case]]:
    told, quiet = [], []
    for made in reviews:
        if made.message is not None and made.message.due_at <= now:
            told.append(DueEscalation(made.case, made.message))
        else:
            quiet.append(made.case)
    return told, quiet


def _after_telling(told: DueEscalation, council: Council, now: datetime) -> Case:
    """The case once its message is written down. It counts as told when the message was accepted for somebody."""
    again = now + timedelta(minutes=council.policy.unreached_repeat_minutes)
    return replace(told.case, tried_at=now, due_at=again)


def _intend(
    connection: Connection,
    store: Store,
    council: Council,
    told: Sequence[DueEscalation],
    fallback: Sequence[Contact],
    now: datetime,
) -> None:
    groups: dict[tuple[bool, tuple[str, ...]], tuple[tuple[Tier, ...], list[DueEscalation]]] = {}
    for one in told:
        tiers = tiers_for(council.policy, one.escalation.threshold, one.case.state)
        group = tells_of_withdrawal(one.escalation.reason), tuple(tier.label for tier in tiers)
        groups.setdefault(group, (tiers, []))[1].append(one)
    for tiers, members in groups.values():
        contacts = [(tier.label, contact) for tier in tiers for contact in tier.contacts]
        unreached = any(one.case.tried_at is not None for one in members)
        others = [(OPERATOR_TIER, contact) for contact in fallback] if unreached or not contacts else []
        alert = _write_alert(connection, store, council, members, [*contacts, *others], now)
        if unreached or not contacts:
            record_unreachable(connection, store, council.feed_id, alert, len(members), now)


def _write_alert(
    connection: Connection,
    store: Store,
    council: Council,
    members: Sequence[DueEscalation],
    contacts: Sequence[tuple[str, Contact]],
    now: datetime,
) -> str:
    most_urgent = min(members, key=lambda one: one.escalation.threshold).escalation
    (pk,) = allocate_ids(connection, "alerts", 1)
    alert = reference("A", store.random)
    connection.execute(
        insert(alerts).values(
            pk=pk,
            reference=alert,
            feed_id=council.feed_id,
            threshold=most_urgent.threshold,
            reason=most_urgent.reason.value,
            created_at=now,
            cases=len(members),
        )
    )
    connection.execute(insert(alert_cases), [_alert_case(pk, one) for one in members])
    let_go_of_older(connection, pk, council.feed_id, [contact.label for _, contact in contacts], now)
    intend_deliveries(connection, store, pk, contacts, now)
    said = AlertIntended(
        alert=alert,
        council=council.feed_id,
        threshold=most_urgent.threshold,
        reason=most_urgent.reason.value,
        cases=len(members),
        deliveries=len(contacts),
    )
    announce(connection, [Announcement("alerts", council.feed_id, said)], now, store.random)
    fields = said.model_dump(exclude={"council"})
    write_audit(
        connection,
        store.vault,
        [AuditRow(AuditAction.ALERT_INTENDED, fields, subject=alert, feed_id=council.feed_id)],
        now,
    )
    return alert


def _alert_case(alert_pk: int, one: DueEscalation) -> Mapping[str, object]:
    return {
        "alert_pk": alert_pk,
        "case_pk": one.case.pk,
        "threshold": one.escalation.threshold,
        "reason": one.escalation.reason.value,
        "facts": one.case.facts,
    }
