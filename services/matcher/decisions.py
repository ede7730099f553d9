"""What a person says of a match: it is this line, or it is not. Kept, and not undone by a later probe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, update

from schemas.codes import MatchDecision, MatchLevel
from schemas.events import LinesMatched, MatchRef
from services.core.audit import AuditAction
from services.core.errors import NotFoundError, RefusedError
from services.storage.audit import AuditRow, write_audit
from services.storage.events.outbox import Announcement, announce
from services.storage.store import Store
from services.storage.tables import matches, register_entries


@dataclass(frozen=True, slots=True)
class MatchId:
    """A match as people name it: `M-12-345`, the notice and the entry."""

    notice: int
    entry: int

    def __str__(self) -> str:
        return f"M-{self.notice}-{self.entry}"

    @classmethod
    def parse(cls, text: str) -> MatchId:
        """Raises RefusedError for what is no match id."""
        parts = text.strip().upper().removeprefix("M-").split("-")
        if len(parts) != 2 or not all(part.isdecimal() and len(part) <= 18 for part in parts):  # noqa: PLR2004
            raise RefusedError("a match is named like M-12-345: `pullcord case show` lists the matches of a case")
        return cls(int(parts[0]), int(parts[1]))


def decide_match(
    store: Store, match: MatchId, decision: MatchDecision, by: str, evidence: str, feed_id: str | None = None
) -> None:
    """Record a person's decision on a match of their own council's register.

    Raises NotFoundError when there is no such live match.
    """
    now = store.now()
    with store.writing() as connection:
        row = _find(connection, match, feed_id)
        connection.execute(
            update(matches)
            .where(matches.c.notice_pk == match.notice, matches.c.entry_pk == match.entry)
            .values(decision=decision.value, decided_level=row.level, decided_at=now)
        )
        announce(connection, [_announcement(match, row, decision)], now, store.random)
        write_audit(connection, store.vault, [_audit(match, row, decision, by, evidence)], now)


def _find(connection: Connection, match: MatchId, feed_id: str | None) -> Any:
    query = (
        select(matches, register_entries.c.feed_id, register_entries.c.shard)
        .join_from(matches, register_entries, register_entries.c.pk == matches.c.entry_pk)
        .where(matches.c.notice_pk == match.notice, matches.c.entry_pk == match.entry, matches.c.live)
    )
    if feed_id is not None:
        query = query.where(register_entries.c.feed_id == feed_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFoundError("there is no such match, or it holds no longer")
    return row


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
