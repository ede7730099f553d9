"""Records a person's decision on a match: confirmed or rejected.

Later matching keeps this decision. But a rejection no longer counts once the match is surer than when it was rejected.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from schemas.codes import MatchDecision, MatchLevel
from schemas.events import LinesMatched, MatchRef
from services.core.audit import AuditAction
from services.core.errors import NotFoundError, RefusedError
from services.matcher.store.matches import find_match, save_decision
from services.storage.audit import AuditRow
from services.storage.events.outbox import Announcement
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class MatchId:
    """The id of a match: `M-12-345` for notice 12 and entry 345."""

    notice: int
    entry: int

    def __str__(self) -> str:
        return f"M-{self.notice}-{self.entry}"

    @classmethod
    def parse(cls, text: str) -> MatchId:
        """Read the id of a match from a text. Raises RefusedError if the text is not such an id."""
        # Ids of up to 18 digits fit into the database's 64-bit integers.
        parts = text.strip().upper().removeprefix("M-").split("-")
        if len(parts) != 2 or not all(part.isdecimal() and len(part) <= 18 for part in parts):  # noqa: PLR2004
            raise RefusedError("a match is named like M-12-345: `pullcord case show` lists the matches of a case")
        return cls(int(parts[0]), int(parts[1]))


def decide_match(
    store: Store, match: MatchId, decision: MatchDecision, by: str, evidence: str, feed_id: str | None = None
) -> None:
    """Record a person's decision on a match that has not ended. With `feed_id`, only a match of that council is found.

    Raises NotFoundError if there is no such match, or if it has ended.
    """
    now = store.now()
    with store.writing() as connection:
        work = UnitOfWork(connection, store, now)
        row = find_match(connection, (match.notice, match.entry), feed_id)
        if row is None:
            raise NotFoundError("there is no such match, or it holds no longer")
        save_decision(connection, (match.notice, match.entry), decision, row.level, now)
        # The decision is published as a match, so that the case of the entry is reviewed.
        work.announce([_announcement(match, row, decision)])
        work.record_audit(_audit(match, row, decision, by, evidence))


def _announcement(match: MatchId, row: Any, decision: MatchDecision) -> Announcement:
    ref = MatchRef(
        notice=match.notice,
        entry=match.entry,
        notice_revision=row.notice_revision,
        entry_revision=row.entry_revision,
        level=MatchLevel(row.level),
        reasons=tuple(row.reasons.split()),
        decision=decision,
    )
    return Announcement("matcher", f"{row.feed_id}:{row.shard}", LinesMatched(records=(ref,)))


def _audit(match: MatchId, row: Any, decision: MatchDecision, by: str, evidence: str) -> AuditRow:
    fields = {"notice": match.notice, "entry": match.entry, "decision": decision.value, "level": row.level}
    return AuditRow(AuditAction.MATCH_DECIDED, fields, str(match), row.feed_id, actor=by, sealed={"evidence": evidence})
