from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Subquery,
    and_,
    case,
    func,
    select,
    true,
    type_coerce,
)

from services.core.clock import from_micros
from services.storage.dialect import among
from services.storage.tables import alert_cases, alerts, cases, deliveries, delivery_attempts
from services.watchdog.rules import Acceptance


def accepted_messages(
    wanted: ColumnElement[bool], since: datetime | None = None, alert_pks: Select[int] | None = None
) -> Subquery:
    """Select the time of each case's last accepted message, in microseconds since 1970.

    A case without any accepted or doubtful message has no row. `wanted` is a condition on cases.
    """
    # Once for each alert: one alert may be about thousands of cases.
    results = _results(since, alert_pks)
    is_current = results.c.created_at >= cases.c.opened_at
    return (
        select(
            alert_cases.c.case_pk,
            # Only alerts written since the case was opened.
            func.max(case((is_current, results.c.sent_at))).label("current"),
            func.max(results.c.sent_at).label("ever"),
            # 1 if an attempt has an unknown result. The message may have been accepted.
            func.max(results.c.in_doubt).label("in_doubt"),
        )
        .join_from(alert_cases, results, results.c.alert_pk == alert_cases.c.alert_pk)
        .join(cases, cases.c.pk == alert_cases.c.case_pk)
        .where(wanted)
        .group_by(alert_cases.c.case_pk)
        .subquery("accepted")
    )


def acceptances(connection: Connection, pks: Collection[int]) -> Mapping[int, Acceptance]:
    of_cases = and_(among(connection, cases.c.pk, pks), among(connection, alert_cases.c.case_pk, pks))
    alert_pks = select(alert_cases.c.alert_pk).where(among(connection, alert_cases.c.case_pk, pks))
    rows = connection.execute(select(accepted_messages(of_cases, alert_pks=alert_pks)))
    return {pk: acceptance(current, ever, doubt) for pk, current, ever, doubt in rows}


def acceptance(current: int | None, ever: int | None, in_doubt: int | None) -> Acceptance:
    return Acceptance(moment_or_none(current), moment_or_none(ever), bool(in_doubt))


def moment_or_none(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def _results(since: datetime | None, alert_pks: Select[int] | None) -> Any:
    # An attempt is the evidence. What deliveries, alerts and cases say of it follows from it, and may be wrong.
    row, attempt = deliveries.c, delivery_attempts.c
    sent_at = func.max(case((attempt.outcome == "sent", type_coerce(attempt.ended_at, BigInteger))))
    in_doubt = func.max(case((attempt.outcome == "in_doubt", 1), else_=0))
    return (
        select(row.alert_pk, alerts.c.created_at, sent_at.label("sent_at"), in_doubt.label("in_doubt"))
        .join_from(deliveries, delivery_attempts, attempt.delivery_pk == row.pk)
        .join(alerts, alerts.c.pk == row.alert_pk)
        # A message that was accepted and came back has reached nobody.
        .where(attempt.outcome.in_(("sent", "in_doubt")), row.state != "refused")
        .where(alerts.c.created_at >= since if since is not None else true())
        .where(alerts.c.pk.in_(alert_pks) if alert_pks is not None else true())
        .group_by(row.alert_pk, alerts.c.created_at)
        .cte("results")
        # Else each worker of PostgreSQL works it out for itself.
        .prefix_with("MATERIALIZED")
    )
