from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Connection, String, case, cast, func, select, type_coerce

from schemas.codes import CaseState, MatchLevel
from services.alerts.case.store.alerts import covers
from services.alerts.states.machine import CLOCK_STOPPED
from services.core.audit import AuditAction
from services.storage.dialect import among
from services.storage.tables import alert_cases, audit, cases


class ListedCase(NamedTuple):
    """The facts that a list of thousands of cases needs. Reading whole cases would take several times as long."""

    pk: int
    entry_pk: int
    reference: str
    state: CaseState
    level: MatchLevel
    # The first of the alerts, in the order in which they were given, that covers the case. None if none does.
    offered_by: int | None
    harm_on: date | None
    restriction_on: date | None
    changes_wait: bool
    may_doubt: bool  # True if a doubt about a version of a notice was ever noted
    claimed: bool
    last_alert_at: int | None  # in microseconds
    last_threshold: int | None
    paused_until: int | None  # in microseconds

    @property
    def pause_facts(self) -> tuple[int | None, ...]:
        # Cases with the same facts here, and the same state, level and date, have the same pause.
        return self.last_alert_at, self.last_threshold, self.paused_until

    @property
    def restricted_first(self) -> bool:
        return self.harm_on is not None and self.harm_on == self.restriction_on

    @property
    def clock_stopped(self) -> bool:
        return self.state in CLOCK_STOPPED


class ActRow(NamedTuple):
    pk: int  # the id of the audit row, for which the actor is sealed
    at: datetime
    subject: str
    fields: dict[str, Any]
    actor_sealed: bytes


_AT_ONCE = 500
# Looking up a member is ten times as fast as calling its class, which counts for thousands of cases.
_STATES, _LEVELS = {one.value: one for one in CaseState}, {one.value: one for one in MatchLevel}
_ACT = [audit.c[name] for name in ActRow._fields]


def listed_cases(connection: Connection, alert_pks: Sequence[int]) -> list[ListedCase]:
    """Return each case that at least one of the alerts names, in no particular order."""
    row, member = cases.c, alert_cases.c
    first = func.min(case((covers(), case({pk: place for place, pk in enumerate(alert_pks)}, value=member.alert_pk))))
    query = (
        select(
            row.pk,
            row.entry_pk,
            row.reference,
            row.state,
            row.level,
            first,
            row.harm_on,
            row.restriction_on,
            row.changes_wait_since.is_not(None),
            cast(row.seen, String).contains("doubted"),
            row.claimed_by != "",
            type_coerce(row.last_alert_at, BigInteger),
            row.last_threshold,
            type_coerce(row.paused_until, BigInteger),
        )
        .join_from(alert_cases, cases, row.pk == member.case_pk)
        .where(among(connection, member.alert_pk, alert_pks))
        .group_by(row.pk)
    )
    return [
        ListedCase(
            pk,
            entry_pk,
            reference,
            _STATES[state],
            _LEVELS[level or MatchLevel.POSSIBLE],
            None if place is None else alert_pks[place],
            *further,
        )
        for pk, entry_pk, reference, state, level, place, *further in connection.execute(query)
    ]


def find_acknowledgements(connection: Connection, alerts: Collection[str]) -> list[ActRow]:
    # `alerts` holds references of alerts. The oldest acknowledgement comes first.
    wanted = (audit.c.subject.in_(alerts), audit.c.action == AuditAction.ALERT_ACKNOWLEDGED.value)
    return [ActRow(*row) for row in connection.execute(select(*_ACT).where(*wanted).order_by(audit.c.pk))]


def find_acts(connection: Connection, cases: Collection[str]) -> list[ActRow]:
    moves = [AuditAction.CASE_MOVED.value, AuditAction.CASE_NOTED.value]
    every, found = list(cases), []
    # Several queries, because SQLite limits the parameters of one statement.
    for start in range(0, len(every), _AT_ONCE):
        # Without an actor, the row is about a notice, a register or the clock.
        wanted = (audit.c.subject.in_(every[start : start + _AT_ONCE]), audit.c.actor_sealed.is_not(None))
        query = select(*_ACT).where(audit.c.action.in_(moves), *wanted).order_by(audit.c.pk)
        found += [ActRow(*row) for row in connection.execute(query)]
    return found
