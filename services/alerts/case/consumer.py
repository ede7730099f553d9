from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from schemas.envelope import Envelope
from schemas.events import CHUNK, CaseRef, CasesChanged, LinesMatched, LinesUnmatched
from services.alerts.case.guard import with_judged_facts
from services.alerts.case.store.cases import save_cases
from services.alerts.case.store.contexts import CaseContext, load_contexts
from services.alerts.policy.councils import Council, load_council
from services.alerts.review.case import Case
from services.alerts.review.owed import CasePolicy, Owed, what_is_owed
from services.alerts.review.step import Transition, new_case
from services.alerts.states.rules import Ruleset
from services.core.audit import AuditAction
from services.core.ids import new_reference
from services.storage.audit import AuditRow
from services.storage.events.outbox import Announcement
from services.storage.events.process import Effects
from services.storage.sequences import allocate_ids
from services.storage.unit_of_work import UnitOfWork

# The fields of a person's record that hold codes and identify nobody: who confirmed, how the resident was reached, what
# was fitted. Only these fields are stored unsealed.
CODES = ("party", "method", "kind")


class CaseConsumer:
    name = "alerts"
    topics = (LinesMatched.topic,)

    def __init__(self, ruleset: Ruleset) -> None:
        self._ruleset = ruleset

    def handle(self, work: UnitOfWork, events: Sequence[Envelope]) -> Effects:
        # Events name only the entries. The current matches are read here, so a repeated event does no harm.
        return self.review(work, _entries(events))

    def review(self, work: UnitOfWork, entries: Collection[int]) -> Effects:
        # A new case is saved only if a line of the entry is at risk.
        contexts = load_contexts(work.connection, entries)
        councils = {
            feed: load_council(work.connection, work.store, feed)
            for feed in {context.entry.feed_id for context in contexts.values()}
        }
        contexts = with_judged_facts(work, contexts, councils, self._ruleset)
        new_cases = _new_cases(work, contexts.values(), self._ruleset)
        reviews = [
            self._review(context, context.case or new_cases[context.entry.pk], councils, work.now)
            for context in contexts.values()
        ]
        changed = [review for review in reviews if _is_worth_keeping(review)]
        save_cases(work.connection, (review.case for review in changed))
        return effects_of(changed)

    rebuild = review

    def _review(self, context: CaseContext, case: Case, councils: Mapping[str, Council], now: datetime) -> Owed:
        council = councils[context.entry.feed_id]
        policy = CasePolicy(council.policy, self._ruleset, council.version)
        return what_is_owed(case, context.entry, context.lines, policy, now)


def _entries(events: Sequence[Envelope]) -> set[int]:
    return {
        record.entry
        for event in events
        if isinstance(event.data, (LinesMatched, LinesUnmatched))
        for record in event.data.records
    }


def _new_cases(work: UnitOfWork, contexts: Iterable[CaseContext], ruleset: Ruleset) -> dict[int, Case]:
    # All ids are allocated in one call. A case that is not kept leaves a gap in the ids.
    entries = [context.entry for context in contexts if context.case is None]
    pks = allocate_ids(work.connection, "cases", len(entries))
    return {
        entry.pk: new_case(pk, new_reference("C", work.store.random), entry, ruleset, work.now)
        for pk, entry in zip(pks, entries, strict=True)
    }


def _is_worth_keeping(review: Owed) -> bool:
    # A case that was never opened (revision 0) is not kept while no line is at risk.
    return bool(review.case.revision or review.case.lines)


def effects_of(reviews: Iterable[Owed], actor: str | None = None) -> Effects:
    all_reviews = list(reviews)
    by_council: dict[str, list[CaseRef]] = defaultdict(list)
    for review in all_reviews:
        for name, state in _case_events(review):
            by_council[review.case.feed_id].append(_ref(review.case, name, state))
    # Each event names at most CHUNK cases, so that the size of an event is bounded.
    announcements = [
        Announcement("alerts", council, CasesChanged(council=council, records=tuple(refs[start : start + CHUNK])))
        for council, refs in by_council.items()
        for start in range(0, len(refs), CHUNK)
    ]
    return Effects(announcements, [row for review in all_reviews for row in _audit(review, actor)])


def _case_events(review: Owed) -> Iterator[tuple[str, str]]:
    # Yields the state in which the case was opened, before any transition of the same review.
    if review.case.revision == 0:
        yield "opened", review.transitions[0].before if review.transitions else review.case.state
    yield from ((transition.event, transition.after) for transition in review.transitions)


def _ref(case: Case, event: str, state: str) -> CaseRef:
    return CaseRef(
        case=case.reference, entry=case.entry_pk, event=event, state=state, level=case.level, harm_on=case.harm_on
    )


def _audit(review: Owed, actor: str | None) -> Iterator[AuditRow]:
    case = review.case
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
    for transition in review.transitions:
        yield happened(case, transition, {}, actor)
    if review.rules_changed:
        fields = {"case": case.reference, "before": review.rules_before, "after": case.rulesets}
        yield AuditRow(AuditAction.CASE_RULES_CHANGED, fields, subject=case.reference, feed_id=case.feed_id)
    if review.pause_shortened:
        pause = {"case": case.reference, "paused_until": _paused_until(case)}
        yield AuditRow(AuditAction.CASE_PAUSE_SHORTENED, pause, subject=case.reference, feed_id=case.feed_id)
    if review.lines_changed:
        changed = {"case": case.reference, "harm_on": harm_on, "issued_at": _issued(case), "providers": case.providers}
        yield AuditRow(AuditAction.CASE_LINES_CHANGED, changed, subject=case.reference, feed_id=case.feed_id)


def happened(case: Case, transition: Transition, sealed: Mapping[str, object], actor: str | None) -> AuditRow:
    # `sealed` is what a person recorded with the event. Only the codes in it are also stored unsealed, as the detail.
    harm_on = str(case.harm_on) if case.harm_on else None
    fields: dict[str, object] = {
        "case": case.reference,
        "event": transition.event,
        "harm_on": harm_on,
        "issued_at": _issued(case),
        "providers": case.providers if transition.providers is None else transition.providers,
        "detail": next((sealed[name] for name in CODES if name in sealed), None),
        "paused_until": _paused_until(case),
    }
    # An event that leaves the state as it was has an audit action of its own.
    if transition.before is transition.after:
        word, fields = AuditAction.CASE_NOTED, fields | {"state": transition.after}
    else:
        word, fields = AuditAction.CASE_MOVED, fields | {"from": transition.before, "to": transition.after}
    return AuditRow(word, fields, subject=case.reference, feed_id=case.feed_id, actor=actor, sealed=dict(sealed))


def _paused_until(case: Case) -> str | None:
    return case.paused_until.isoformat() if case.paused_until else None


def _issued(case: Case) -> str | None:
    return case.notice_issued_at.isoformat() if case.notice_issued_at else None
