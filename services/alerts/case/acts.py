from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from schemas.codes import CaseEvent
from services.alerts.case.by_link import ByLink
from services.alerts.case.consumer import effects_of, happened
from services.alerts.case.guard import with_kept_facts
from services.alerts.case.store.alerts import FoundAlert, covered_cases, find_alert, mark_acknowledged
from services.alerts.case.store.cases import cases_of_alert, find_case, lock_cases, save_cases
from services.alerts.case.store.contexts import CaseContext, load_contexts
from services.alerts.policy.councils import Council, load_council
from services.alerts.policy.policy import pause_until
from services.alerts.review.case import Case, Line
from services.alerts.review.owed import CasePolicy, Owed, what_is_owed
from services.alerts.review.recording import ActRefusedError, RecordFaultyError, check_days, with_record
from services.alerts.review.step import Transition, apply
from services.alerts.states.machine import ALERTS_AT_ONCE, Decision, Refuse, Stay, decide
from services.alerts.states.records import RECORD_FOR, HumanAct
from services.core.audit import AuditAction
from services.core.clock import london_day
from services.core.errors import NotFoundError
from services.storage.allowances import allow_refusal, allow_repeat
from services.storage.audit import AuditRow
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Acknowledged:
    alert: str
    cases: tuple[Case, ...]
    paused_until: datetime | None  # the earliest end of a pause among the cases


# The most cases in one transaction of an acknowledgement, about a tenth of a second (policy of the deployment).
CHUNK = 100

NOTHING_WAITS = "No change of a feed waits for a person on this case, so there is nothing to accept."

# All other events come from notices, registers and the clock.
PEOPLES_ACTS = tuple(event for event, record in RECORD_FOR.items() if issubclass(record, HumanAct))


def read_record(event: CaseEvent, values: dict[str, Any]) -> HumanAct:
    """Raises RecordFaultyError if a value is wrong. Raises ActRefusedError if no person may record the event."""
    kind = RECORD_FOR[event]
    try:
        record = kind.model_validate(values)
    except ValidationError as error:
        # The input is left out: it may hold details of a resident, and the faults are shown to people.
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        raise RecordFaultyError([(_field(fault["loc"]), _reason(fault["msg"])) for fault in faults]) from None
    if not isinstance(record, HumanAct):
        raise ActRefusedError("this comes from notices, registers or the clock: it cannot be recorded by hand")
    return record


def act(store: Store, reference: str, event: CaseEvent, record: HumanAct, feed_id: str | None) -> Case:
    """Record a person's act on a case, and return the case after the act.

    Raises NotFoundError if the case is unknown, and ActRefusedError if the case does not allow the act now.
    Raises RecordFaultyError if `record` does not fit the case.
    """
    now = store.now()
    with store.writing() as connection:
        work = UnitOfWork(connection, store, now)
        case = find_case(connection, reference, feed_id, to_change=True)
        decision = _decision(case, event)
        council = load_council(connection, store, case.feed_id)
        if isinstance(decision, Stay) and feed_id is not None:
            allow_repeat(store, connection, case.reference, AuditAction.CASE_NOTED)
        if not isinstance(decision, Refuse):
            return _record(work, [case], event, record, council)[0]
        # The refusal is audited too, so the error is raised only after this transaction.
        if feed_id is not None:
            allow_refusal(work, feed_id)
        fields = {"case": case.reference, "event": event, "state": case.state}
        row = AuditRow(AuditAction.CASE_REFUSED, fields, subject=case.reference, feed_id=case.feed_id, actor=record.by)
        work.record_audit(row)
    raise ActRefusedError(decision.reason)


def _decision(case: Case, event: CaseEvent) -> Decision:
    if event is CaseEvent.ACCEPT_CHANGES and not case.changes_wait:
        return Refuse(NOTHING_WAITS)
    return decide(case.state, event)


def acknowledge(
    store: Store,
    alert: str,
    by: HumanAct,
    feed_id: str | None = None,
    only: Collection[str] | None = None,
    link: ByLink | None = None,
    now: datetime | None = None,
) -> Acknowledged:
    """Record that a person takes on the open cases of an alert.

    If `only` is given, the act covers only the cases with these references. `link` is None for a signed-in person.
    Raises NotFoundError if the alert is unknown, or does not name every case in `only`.
    """
    now = now or store.now()
    wanted = None if only is None else {reference.strip().upper() for reference in only}
    with store.reading() as connection:
        found = find_alert(connection, alert, feed_id)
        members = cases_of_alert(connection, found.pk)
    if wanted is not None and not wanted <= {case.reference for case in members}:
        raise NotFoundError("the alert does not tell of every case that is named")
    chosen = sorted(case.pk for case in members if wanted is None or case.reference in wanted)
    paused: list[Case] = []
    for start in range(0, len(chosen), CHUNK):
        # Other writers, such as alerts of other councils, have their turn between two chunks.
        with store.writing() as connection:
            work = UnitOfWork(connection, store, now)
            paused += _acknowledge(work, found, chosen[start : start + CHUNK], by, link)
    until = min((case.paused_until for case in paused if case.paused_until), default=None)
    return Acknowledged(found.reference, tuple(paused), until)


def _acknowledge(
    work: UnitOfWork, alert: FoundAlert, pks: Sequence[int], by: HumanAct, link: ByLink | None
) -> list[Case]:
    council = load_council(work.connection, work.store, alert.council)
    # Checked again under the locks of this transaction: a case may have ended, or had news, since the alert was read.
    locked = lock_cases(work.connection, pks)
    covered = covered_cases(work.connection, alert.pk, pks)
    chosen = [case for case in locked if case.pk in covered and not case.clock_stopped]
    paused = _record(work, chosen, CaseEvent.ACKNOWLEDGE, by, council, link)
    if paused:
        mark_acknowledged(work.connection, alert.pk, work.now)
        fields = {"alert": alert.reference, "cases": [case.reference for case in paused]}
        row = AuditRow(
            AuditAction.ALERT_ACKNOWLEDGED,
            fields,
            subject=alert.reference,
            feed_id=alert.council,
            actor=by.by,
            sealed=link.recorded() if link else {},
        )
        work.record_audit(row)
    return paused


def accept_changes(
    store: Store, feed_id: str, by: HumanAct, only: Collection[str], link: ByLink | None = None
) -> list[Case]:
    """Record that a person accepts the feeds' changes to the cases with the references in `only`.

    `link` is None for a signed-in person. Raises NotFoundError if a reference is unknown.
    """
    now = store.now()
    with store.reading() as connection:
        chosen = sorted(find_case(connection, reference, feed_id).pk for reference in set(only))
    accepted: list[Case] = []
    for start in range(0, len(chosen), CHUNK):
        with store.writing() as connection:
            work = UnitOfWork(connection, store, now)
            council = load_council(connection, store, feed_id)
            waiting = [case for case in lock_cases(connection, chosen[start : start + CHUNK]) if case.changes_wait]
            accepted += _record(work, waiting, CaseEvent.ACCEPT_CHANGES, by, council, link)
    return accepted


def _record(
    work: UnitOfWork,
    chosen: Sequence[Case],
    event: CaseEvent,
    record: HumanAct,
    council: Council,
    link: ByLink | None = None,
) -> list[Case]:
    # The cases are loaded and written together: a statement for each would hold the database for seconds.
    contexts = load_contexts(work.connection, [case.entry_pk for case in chosen])
    # Who accepts the changes of the feeds has the case judged by what they say now.
    if event is not CaseEvent.ACCEPT_CHANGES:
        contexts = with_kept_facts(contexts)
    reviews = [_after(case, contexts[case.entry_pk], event, record, council, work.now, link) for case in chosen]
    save_cases(work.connection, [owed.case for owed in reviews])
    work.announce(effects_of(reviews).announcements)
    recorded = record.model_dump(mode="json", exclude={"by"}, exclude_none=True)
    recorded |= link.recorded() if link else {}
    work.record_audit(*(row for owed in reviews for row in _rows(owed, recorded, record.by)))
    return [owed.case for owed in reviews]


def _after(
    case: Case,
    context: CaseContext,
    event: CaseEvent,
    record: HumanAct,
    council: Council,
    now: datetime,
    link: ByLink | None,
) -> Owed:
    transitions: list[Transition] = []
    check_days(case, record, now)
    providers = _providers_concerned(event, context.lines)
    changed = with_record(
        apply(case, event, now, transitions, providers), event, record, context.lines, london_day(now)
    )
    is_step = event is not CaseEvent.ACKNOWLEDGE
    # Every act pauses the messages about a case, not only an acknowledgement. But colleagues must hear of news, such as
    # a refused hold on which they rely.
    if not changed.clock_stopped and event not in ALERTS_AT_ONCE:
        until = pause_until(council.policy, changed.clock, now, is_step=is_step)
        longest = link.pause(until, changed, council.policy.days, now) if link else until
        changed = replace(changed, paused_until=longest)
    # Somebody has answered, so the next message goes to the first level again.
    times = 0 if is_step else changed.acknowledged_times + 1
    changed = replace(changed, asked=0, unanswered=0, acknowledged_times=times)
    # What still waits for its reader's next working day was written before the act. It does not stand for the message
    # at the end of the pause, which may be urgent and due before that day.
    if changed.tried_at is not None and changed.tried_at > now:
        changed = replace(changed, tried_at=None)
    policy = CasePolicy(council.policy, version=council.version)
    return what_is_owed(changed, context.entry, context.lines, policy, now, transitions)


def _rows(owed: Owed, recorded: Mapping[str, object], by: str) -> Iterator[AuditRow]:
    # The first transition is the person's act. The review may add more transitions, which have no actor.
    first, *others = owed.transitions
    yield happened(owed.case, first, recorded, by)
    yield from (happened(owed.case, other, {}, None) for other in others)


def _providers_concerned(event: CaseEvent, lines: Sequence[Line]) -> tuple[str, ...] | None:
    # A test call after a move is about the lines that have moved. Every other act is about the whole case.
    moved = sorted({line.provider for line in lines if line.moved})
    return tuple(moved) if moved and event is CaseEvent.PASS_POST_CHECK else None


def _field(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "record"


def _reason(message: str) -> str:
    return message.removeprefix("Value error, ")  # Pydantic's prefix for an error raised by our own validators
