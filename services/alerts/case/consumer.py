"""Alerts as a consumer: matches in, cases opened and moved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from schemas.envelope import Envelope
from schemas.events import CHUNK, CaseRef, CasesChanged, LinesMatched, LinesUnmatched
from services.alerts.case.store import CaseContext, load_contexts, save_cases
from services.alerts.policy.councils import Council, load_council
from services.alerts.review.case import Case
from services.alerts.review.owed import CasePolicy, Owed, what_is_owed
from services.alerts.review.step import Transition, opened
from services.alerts.states.rules import Ruleset
from services.core.audit import AuditAction
from services.core.ids import reference
from services.storage.audit import AuditRow
from services.storage.events.outbox import Announcement
from services.storage.events.process import Effects
from services.storage.sequences import allocate_ids
from services.storage.unit_of_work import UnitOfWork

CODES = ("party", "method", "kind")
"""The fields of what a person records that are codes and say nothing of anybody: who confirmed, how the resident was
reached, what was fitted."""


class CaseConsumer:
    """Opens a case for every entry with a line at risk, and keeps it up with what its notices say."""

    name = "alerts"
    topics = (LinesMatched.topic,)

    def __init__(self, ruleset: Ruleset) -> None:
        self._ruleset = ruleset

    def handle(self, work: UnitOfWork, events: Sequence[Envelope]) -> Effects:
        """Review the case of every entry that the events speak of, as its matches are on record now."""
        return self.review(work, _entries(events))

    def review(self, work: UnitOfWork, entries: Collection[int]) -> Effects:
        """Review the cases of these register entries."""
        contexts = load_contexts(work.connection, entries)
        councils = {
            feed: load_council(work.connection, work.store, feed)
            for feed in {one.entry.feed_id for one in contexts.values()}
        }
        fresh = _new_cases(work, contexts.values(), self._ruleset)
        reviews = [
            self._review(context, context.case or fresh[context.entry.pk], councils, work.now)
            for context in contexts.values()
        ]
        changed = [made for made in reviews if _is_worth_keeping(made)]
        save_cases(work.connection, (made.case for made in changed))
        return effects_of(changed)

    rebuild = review

    def _review(self, context: CaseContext, case: Case, councils: Mapping[str, Council], now: datetime) -> Owed:
        policy = councils[context.entry.feed_id].policy
        return what_is_owed(case, context.entry, context.lines, CasePolicy(policy, self._ruleset), now)


def _entries(events: Sequence[Envelope]) -> set[int]:
    return {
        record.entry
        for event in events
        if isinstance(event.data, (LinesMatched, LinesUnmatched))
        for record in event.data.records
    }


def _new_cases(work: UnitOfWork, contexts: Iterable[CaseContext], ruleset: Ruleset) -> dict[int, Case]:
    without = [context.entry for context in contexts if context.case is None]
    pks = allocate_ids(work.connection, "cases", len(without))
    return {
        entry.pk: opened(pk, reference("C", work.store.random), entry, ruleset, work.now)
        for pk, entry in zip(pks, without, strict=True)
    }


def _is_worth_keeping(made: Owed) -> bool:
    """A case that was never opened is not kept while nothing is at risk."""
    return bool(made.case.revision or made.case.lines)


def effects_of(reviews: Iterable[Owed], actor: str | None = None) -> Effects:
    """What reviews have to tell: events for others, and the audit."""
    told = list(reviews)
    by_council: dict[str, list[CaseRef]] = defaultdict(list)
    for made in told:
        for name, state in _told(made):
            by_council[made.case.feed_id].append(_ref(made.case, name, state))
    announcements = [
        Announcement("alerts", council, CasesChanged(council=council, records=tuple(refs[start : start + CHUNK])))
        for council, refs in by_council.items()
        for start in range(0, len(refs), CHUNK)
    ]
    return Effects(announcements, [row for made in told for row in _audit(made, actor)])


def _told(made: Owed) -> Iterator[tuple[str, str]]:
    if made.case.revision == 0:
        yield "opened", made.transitions[0].before if made.transitions else made.case.state
    yield from ((transition.event, transition.after) for transition in made.transitions)


def _ref(case: Case, event: str, state: str) -> CaseRef:
    return CaseRef(
        case=case.reference, entry=case.entry_pk, event=event, state=state, level=case.level, harm_on=case.harm_on
    )


def _audit(made: Owed, actor: str | None) -> Iterator[AuditRow]:
    case = made.case
    harm_on = str(case.harm_on) if case.harm_on else None
    if case.revision == 0:
        fields = {
            "case": case.reference,
            "entry": case.entry_pk,
            "level": case.level,
            "harm_on": harm_on,
            "providers": case.providers,
        }
        yield AuditRow(AuditAction.CASE_OPENED, fields, subject=case.reference, feed_id=case.feed_id)
    for transition in made.transitions:
        yield happened(case, transition, {}, actor)
    if made.lines_changed:
        changed = {"case": case.reference, "harm_on": harm_on, "issued_at": _issued(case), "providers": case.providers}
        yield AuditRow(AuditAction.CASE_LINES_CHANGED, changed, subject=case.reference, feed_id=case.feed_id)


def happened(case: Case, transition: Transition, sealed: Mapping[str, object], actor: str | None) -> AuditRow:
    """The audit row of one event of a case; what a person wrote down with it is sealed."""
    harm_on = str(case.harm_on) if case.harm_on else None
    fields: dict[str, object] = {
        "case": case.reference,
        "event": transition.event,
        "harm_on": harm_on,
        "issued_at": _issued(case),
        "providers": case.providers if transition.providers is None else transition.providers,
        "detail": next((sealed[name] for name in CODES if name in sealed), None),
    }
    if transition.before is transition.after:
        word, fields = AuditAction.CASE_NOTED, fields | {"state": transition.after}
    else:
        word, fields = AuditAction.CASE_MOVED, fields | {"from": transition.before, "to": transition.after}
    return AuditRow(word, fields, subject=case.reference, feed_id=case.feed_id, actor=actor, sealed=dict(sealed))


def _issued(case: Case) -> str | None:
    return case.notice_issued_at.isoformat() if case.notice_issued_at else None
