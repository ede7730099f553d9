# A higher level cancels an earlier rejection.

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from schemas.codes import MatchDecision
from services.core.audit import AuditAction
from services.core.errors import NotFoundError, RefusedError
from services.core.match_reference import match_reference, read_match_reference
from services.matcher.consumer import announced
from services.matcher.store.matches import find_match, save_decision
from services.matcher.store.same_line import matches_of_same_line
from services.matcher.store.weaker import find_weaker, stored_match
from services.storage.audit import AuditRow
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class MatchId:
    notice: int
    entry: int

    @classmethod
    def read(cls, store: Store, reference: str) -> MatchId:
        """Raises RefusedError if `reference` has the wrong form."""
        pair = read_match_reference(store.tokeniser, reference)
        if pair is None:
            raise RefusedError(
                "a match is named like M-7K3M-2Q9P-4XTB-8HWN: `pullcord case show` lists the matches of a case"
            )
        return cls(*pair)


# A rejection never takes back what a person has confirmed.
_ALSO_DECIDED: Final = {
    MatchDecision.REJECTED: (MatchDecision.UNDECIDED,),
    MatchDecision.CONFIRMED: (MatchDecision.UNDECIDED, MatchDecision.REJECTED),
}


def decide_match(
    store: Store, match: MatchId, decision: MatchDecision, by: str, evidence: str, feed_id: str | None = None
) -> int:
    """Decide on a match, and on those of the same entry with other notices about the very same line.

    Return the number of these other matches. Raises NotFoundError if the match is unknown, has ended, or belongs to
    another council.
    """
    now = store.now()
    with store.writing() as connection:
        work = UnitOfWork(connection, store, now)
        row = find_match(connection, (match.notice, match.entry), feed_id)
        if row is None:
            raise NotFoundError("there is no such match, or it holds no longer")
        also = matches_of_same_line(work, (match.notice, match.entry), _ALSO_DECIDED[decision])
        # In the order of the notices, which `save_decision` locks.
        decided = sorted([row, *also], key=lambda one: one.notice_pk)
        for one in decided:
            save_decision(connection, (one.notice_pk, one.entry_pk), decision, one.level, now)
        # The decision is published as a match, so that the case of the entry is reviewed. It may also settle whose line
        # it is, or no longer.
        pairs = {(one.notice_pk, one.entry_pk) for one in decided}
        others = find_weaker(connection, {notice for notice, _ in pairs}, besides=pairs)
        work.announce(list(announced([*(stored_match(one, decision) for one in decided), *others])))
        work.record_audit(*(_audit(store, one, decision, by, evidence) for one in decided))
    return len(also)


def _audit(store: Store, row: Any, decision: MatchDecision, by: str, evidence: str) -> AuditRow:
    fields = {"notice": row.notice_pk, "entry": row.entry_pk, "decision": decision.value, "level": row.level}
    reference = match_reference(store.tokeniser, row.notice_pk, row.entry_pk)
    return AuditRow(AuditAction.MATCH_DECIDED, fields, reference, row.feed_id, actor=by, sealed={"evidence": evidence})
