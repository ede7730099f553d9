"""What follows when a message was accepted for somebody, or when a newer one takes its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, exists, select, update

from services.alerts.case.consumer import effects_of
from services.alerts.case.store import load_contexts, save_cases
from services.alerts.policy.councils import load_council
from services.alerts.review.case import Case
from services.alerts.review.owed import CasePolicy, what_is_owed
from services.alerts.review.withdrawal import tells_of_withdrawal
from services.storage.events.process import write_effects
from services.storage.store import Store
from services.storage.tables import alert_cases, alerts, cases, deliveries
from services.storage.unit_of_work import UnitOfWork

BATCH = 2_000
PENDING = ("intended", "waiting")


def count_as_accepted(connection: Connection, store: Store, alert_pk: int, now: datetime) -> None:
    """Note that somebody has an alert. The first acceptance counts: from it the next message is paced.

    It locks the cases, so it comes before the delivery is changed: whoever writes an alert takes them in this order.
    """
    alert = connection.execute(select(alerts).where(alerts.c.pk == alert_pk)).one_or_none()
    if alert is None or alert.accepted_at is not None or alert.cases == 0:
        return
    row = alert_cases.c
    members = select(cases.c.entry_pk, row.threshold).join_from(alert_cases, cases, cases.c.pk == row.case_pk)
    told: dict[int, int] = {  # noqa: C416 - rows are no pairs to dict()
        entry: threshold
        for entry, threshold in connection.execute(members.where(row.alert_pk == alert_pk).order_by(cases.c.pk)).all()
    }
    council = load_council(connection, store, alert.feed_id)
    entries = list(told)
    for start in range(0, len(entries), BATCH):
        contexts = load_contexts(connection, entries[start : start + BATCH])
        changed = []
        for entry_pk, context in contexts.items():
            case = context.case
            if case is None or case.tried_at is None or case.tried_at > alert.created_at:
                continue
            policy = CasePolicy(council.policy)
            case = _accepted(case, told[entry_pk], alert.reason, now)
            changed.append(what_is_owed(case, context.entry, context.lines, policy, now))
        save_cases(connection, (made.case for made in changed))
        write_effects(UnitOfWork(connection, store, now), effects_of(changed))
    connection.execute(update(alerts).where(alerts.c.pk == alert_pk).values(accepted_at=now))


def _accepted(case: Case, threshold: int, reason: str, now: datetime) -> Case:
    if tells_of_withdrawal(reason):
        return replace(case, warned=False, tried_at=None)
    return replace(case, last_alert_at=now, last_threshold=threshold, warned=True, tried_at=None)


def let_go_of_older(
    connection: Connection, alert_pk: int, feed_id: str, contacts: Sequence[str], now: datetime
) -> None:
    """Let go of messages to the same people that wait to be sent, where the new alert tells of all their cases."""
    old, new = alert_cases.alias("old"), alert_cases.alias("new")
    told = exists().where(new.c.alert_pk == alert_pk, new.c.case_pk == old.c.case_pk)
    beyond = exists().where(old.c.alert_pk == deliveries.c.alert_pk, ~told)
    of_council = select(alerts.c.pk).where(alerts.c.feed_id == feed_id, alerts.c.pk != alert_pk)
    connection.execute(
        update(deliveries)
        .where(
            deliveries.c.state.in_(PENDING),
            deliveries.c.contact.in_(contacts),
            deliveries.c.alert_pk.in_(of_council),
            ~beyond,
        )
        .values(state="not_needed", due_at=None, settled_at=now)
    )
