from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Select, func, select, update

from services.storage.tables import (
    alert_cases,
    alerts,
    cases,
    deliveries,
    delivery_attempts,
    matches,
    notices,
    submissions,
)
from tests.support.servers.killing import (
    ROWS,
    Mailbox,
    Provider,
    ServedDeployment,
    kill_and_restart,
    put_register,
    until,
)
from tests.support.servers.serving import deployment, mailbox, nothing_left_to_do

__all__ = ["deployment", "mailbox"]

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

KILLS = 5
# One for every fictional number of the range, so that every notice puts a line at risk.
ENTRIES = 1_000
# Seconds in which all due work must be done after the last kill.
PATIENCE = 20.0


def count(deployment: ServedDeployment, query: Select[Any]) -> int:
    with deployment.store.reading() as connection:
        return connection.scalar(query) or 0


def let_time_pass(deployment: ServedDeployment, by: timedelta) -> None:
    with deployment.store.writing() as connection:
        for row in connection.execute(select(deliveries.c.pk, deliveries.c.due_at)).all():
            if row.due_at is not None:
                earlier = update(deliveries).where(deliveries.c.pk == row.pk).values(due_at=row.due_at - by)
                connection.execute(earlier)


def test_killed_at_any_moment_it_keeps_every_202_and_tells_every_alert_once(
    deployment: ServedDeployment, mailbox: Mailbox
) -> None:
    put_register(deployment, ENTRIES)
    share = ENTRIES // ROWS // 3
    providers = [Provider(f"p{one}", deployment, iter(range(one * share, (one + 1) * share))) for one in range(3)]
    for provider in providers:
        provider.start()
    kill_and_restart(deployment, KILLS, random.Random(20261123))
    for provider in providers:
        provider.stop()
    let_time_pass(deployment, timedelta(minutes=2))
    assert until(lambda: nothing_left_to_do(deployment), PATIENCE)

    every_receipt_is_kept(deployment, providers)
    every_line_is_matched_and_told(deployment)
    no_mail_came_twice_but_in_doubt(deployment, mailbox)


def every_receipt_is_kept(deployment: ServedDeployment, providers: list[Provider]) -> None:
    receipts = {submission: rows for provider in providers for submission, rows in provider.receipts.items()}
    assert [provider.refused for provider in providers] == [[], [], []]
    assert len(receipts) > 3 * KILLS
    with deployment.store.reading() as connection:
        kept = {row.submission_id: row.counts for row in connection.execute(select(submissions))}
        of_notices = Counter(connection.scalars(select(notices.c.submission_id)))
        taken = connection.scalars(select(submissions.c.submission_id).where(submissions.c.kind == "notice")).all()
    assert set(taken) == set(receipts)
    assert all(sum(kept[submission].values()) == len(rows) for submission, rows in receipts.items())
    assert of_notices == {submission: len(rows) for submission, rows in receipts.items()}


def every_line_is_matched_and_told(deployment: ServedDeployment) -> None:
    lines = count(deployment, select(func.count()).select_from(notices))
    assert count(deployment, select(func.count()).select_from(matches).where(matches.c.live)) == lines
    assert count(deployment, select(func.count()).select_from(cases)) == lines
    assert count(deployment, select(func.count(alert_cases.c.case_pk.distinct()))) == lines


def no_mail_came_twice_but_in_doubt(deployment: ServedDeployment, mailbox: Mailbox) -> None:
    with deployment.store.reading() as connection:
        query = select(deliveries.c.pk, deliveries.c.state, alerts.c.reference).join(alerts)
        owed = {f"{row.reference}.{row.pk}": row for row in connection.execute(query)}
        attempts = connection.execute(select(delivery_attempts)).all()
    doubted = Counter(attempt.delivery_pk for attempt in attempts if attempt.outcome == "in_doubt")
    sent = Counter(attempt.delivery_pk for attempt in attempts if attempt.outcome == "sent")
    assert {row.state for row in owed.values()} <= {"sent", "not_needed"}
    # What another message to the same person has joined is sent to nobody.
    owed = {reference: row for reference, row in owed.items() if row.state == "sent"}
    assert set(mailbox.taken) == set(owed)
    assert all(sent[row.pk] == 1 for row in owed.values())
    assert all(mailbox.taken[reference] <= 1 + doubted[row.pk] for reference, row in owed.items())
