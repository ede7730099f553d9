"""What people do to cases: acknowledge an alert, record a step, confirm safety, ask for a hold."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import ValidationError
from sqlalchemy import ColumnElement, Connection, func, select, update

from services.alerts.case.consumer import effects_of, happened
from services.alerts.case.store import find_cases, load_context, save_cases
from services.alerts.policy.councils import load_council
from services.alerts.policy.policy import CouncilPolicy, pause_until
from services.alerts.review.case import Case, Line
from services.alerts.review.owed import CasePolicy, what_is_owed
from services.alerts.review.recording import ActRefusedError, RecordFaultyError, check_days, with_record
from services.alerts.review.step import Transition, apply
from services.alerts.states.machine import Event, Refuse, decide
from services.alerts.states.records import RECORD_FOR, HumanAct
from services.core.audit import AuditAction
from services.core.clock import london_day
from services.core.errors import NotFoundError
from services.storage.audit import AuditRow, write_audit
from services.storage.events.outbox import announce
from services.storage.store import Store
from services.storage.tables import alert_cases, alerts, cases


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """An acknowledgement as recorded: the alert, the cases it pauses, and until when the first of them pages again."""

    alert: str
    cases: tuple[Case, ...]
    paused_until: datetime | None


class FoundAlert(NamedTuple):
    """An alert as it is found by its reference: its id, its council, and when it was made."""

    pk: int
    council: str
    created_at: datetime


PEOPLES_ACTS = tuple(event for event, record in RECORD_FOR.items() if issubclass(record, HumanAct))
"""The events a person brings about; the others come from notices, registers and the clock."""


def read_record(event: Event, values: dict[str, Any]) -> HumanAct:
    """What a person records with an act.

    Raises RecordFaultyError.
    """
    kind = RECORD_FOR[event]
    try:
        record = kind.model_validate(values)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        raise RecordFaultyError([(_field(fault["loc"]), _reason(fault["msg"])) for fault in faults]) from None
    if not isinstance(record, HumanAct):
        raise ActRefusedError("this comes from notices, registers or the clock: it cannot be recorded by hand")
    return record


def act(store: Store, reference: str, event: Event, record: HumanAct, feed_id: str | None) -> Case:
    """Record what a named person did to a case. With `feed_id`, only if the case is that council's own.

    Raises NotFoundError, ActRefusedError.
    """
    now = store.now()
    with store.writing() as connection:
        case = find_case(connection, reference, feed_id, to_change=True)
        decision = decide(case.state, event)
        policy = load_council(connection, store, case.feed_id).policy
        if not isinstance(decision, Refuse):
            return _record(connection, store, case, event, record, policy, now)
        fields = {"case": case.reference, "event": event, "state": case.state}
        row = AuditRow(AuditAction.CASE_REFUSED, fields, subject=case.reference, feed_id=case.feed_id, actor=record.by)
        write_audit(connection, store.vault, [row], now)
    raise ActRefusedError(decision.reason)


def acknowledge(
    store: Store, alert: str, by: HumanAct, feed_id: str | None = None, only: Collection[str] | None = None
) -> Acknowledged:
    """Acknowledge the cases of an alert that are still open, or `only` those named. It pauses, and makes nobody safe.

    Raises NotFoundError, also when `only` names a case that the alert did not tell of.
    """
    now = store.now()
    wanted = None if only is None else {reference.strip().upper() for reference in only}
    with store.writing() as connection:
        pk, council, _ = find_alert(connection, alert, feed_id)
        policy = load_council(connection, store, council).policy
        members = cases_of_alert(connection, pk, to_change=True)
        if wanted is not None and not wanted <= {case.reference for case in members}:
            raise NotFoundError("the alert does not tell of every case that is named")
        covered = covered_by(connection, pk)
        chosen = [
            case
            for case in members
            if covered(case) and not case.clock_stopped and (wanted is None or case.reference in wanted)
        ]
        paused = [_record(connection, store, case, Event.ACKNOWLEDGE, by, policy, now) for case in chosen]
        if paused:
            connection.execute(update(alerts).where(alerts.c.pk == pk).values(acknowledged_at=now))
            fields = {"alert": alert, "cases": [case.reference for case in paused]}
            row = AuditRow(AuditAction.ALERT_ACKNOWLEDGED, fields, subject=alert, feed_id=council, actor=by.by)
            write_audit(connection, store.vault, [row], now)
    until = min((case.paused_until for case in paused if case.paused_until), default=None)
    return Acknowledged(alert, tuple(paused), until)


def covered_by(connection: Connection, alert_pk: int) -> Callable[[Case], bool]:
    """Tells of a case whether an alert told all that is known of it, as urgently as any alert since.

    An acknowledgement of the alert covers no other.
    """
    row = alert_cases.c
    query = select(row.case_pk, row.facts, row.threshold).where(row.alert_pk == alert_pk)
    told = {case_pk: (facts, threshold) for case_pk, facts, threshold in connection.execute(query)}
    later = select(row.case_pk, func.min(row.threshold)).where(
        row.alert_pk > alert_pk, row.case_pk.in_(select(row.case_pk).where(row.alert_pk == alert_pk))
    )
    urgent: dict[int, int] = {pk: least for pk, least in connection.execute(later.group_by(row.case_pk))}  # noqa: C416 - rows are no pairs to dict()

    def covered(case: Case) -> bool:
        facts, threshold = told.get(case.pk, (-1, 0))
        return bool(facts == case.facts and threshold <= urgent.get(case.pk, threshold))

    return covered


def find_case(connection: Connection, reference: str, feed_id: str | None, *, to_change: bool = False) -> Case:
    """A case by its reference.

    Raises NotFoundError.
    """
    conditions: list[ColumnElement[bool]] = [cases.c.reference == reference.strip().upper()]
    if feed_id is not None:
        conditions.append(cases.c.feed_id == feed_id)
    found = find_cases(connection, *conditions, to_change=to_change)
    if not found:
        raise NotFoundError("there is no case with this reference")
    return found[0]


def find_alert(connection: Connection, reference: str, feed_id: str | None = None) -> FoundAlert:
    """An alert by its reference.

    Raises NotFoundError.
    """
    row = alerts.c
    query = select(row.pk, row.feed_id, row.created_at).where(row.reference == reference.strip().upper())
    if feed_id is not None:
        query = query.where(alerts.c.feed_id == feed_id)
    found = connection.execute(query).one_or_none()
    if found is None:
        raise NotFoundError("there is no alert with this reference")
    return FoundAlert(*found)


def cases_of_alert(connection: Connection, alert_pk: int, *, to_change: bool = False) -> list[Case]:
    """The cases an alert told of."""
    members = select(alert_cases.c.case_pk).where(alert_cases.c.alert_pk == alert_pk)
    return find_cases(connection, cases.c.pk.in_(members), to_change=to_change)


def _record(
    connection: Connection,
    store: Store,
    case: Case,
    event: Event,
    record: HumanAct,
    policy: CouncilPolicy,
    now: datetime,
) -> Case:
    transitions: list[Transition] = []
    check_days(case, record, now)
    context = load_context(connection, case)
    concerned = _providers_concerned(event, context.lines)
    changed = with_record(
        apply(case, event, now, transitions, concerned), event, record, context.lines, london_day(now)
    )
    if not changed.clock_stopped:
        changed = replace(changed, paused_until=pause_until(policy, changed.clock, now))
    owed = what_is_owed(changed, context.entry, context.lines, CasePolicy(policy), now, transitions)
    save_cases(connection, [owed.case])
    announce(connection, effects_of([owed]).announcements, now, store.random)
    said = record.model_dump(mode="json", exclude={"by"}, exclude_none=True)
    first, *others = owed.transitions
    rows = [happened(owed.case, first, said, record.by), *(happened(owed.case, one, {}, None) for one in others)]
    write_audit(connection, store.vault, rows, now)
    return owed.case


def _providers_concerned(event: Event, lines: Sequence[Line]) -> tuple[str, ...] | None:
    """A test call after a move is about the lines that have moved; every other act is about the whole case."""
    moved = sorted({line.provider for line in lines if line.moved})
    return tuple(moved) if moved and event is Event.PASS_POST_CHECK else None


def _field(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "record"


def _reason(message: str) -> str:
    return message.removeprefix("Value error, ")
