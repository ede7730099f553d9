from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from services.core.audit import AuditAction
from services.core.errors import ConflictError
from services.ingest.reading.drafts import Draft
from services.ingest.reading.stamps import exact
from services.ingest.recording.store.entries import MissingEntries
from services.ingest.recording.submission import Origin, Reading
from services.storage.audit import AuditRow
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Replacement:
    # Entries that are missing from the file are withdrawn.
    # The largest share of the live entries (0 to 1) withdrawn without confirmation. Our own choice.
    share: float
    # The exact number of withdrawals that the sender has confirmed.
    confirmed: int | None = None


class ReplacementTooLargeError(ConflictError):
    """The sender must confirm the number of withdrawals first."""

    def __init__(self, would_withdraw: int, live: int) -> None:
        super().__init__(
            f"this file would withdraw {would_withdraw} of {live} entries: if that is right, send it again with "
            f"confirm_withdrawals={would_withdraw}; if not, send it with mode=update"
        )
        self.would_withdraw = would_withdraw
        self.live = live


def keys_of(store: Store, origin: Origin, reading: Reading[Any]) -> frozenset[bytes]:
    """Return the keys of all references in the file. Refused rows are included."""
    references = [draft.reference for draft in reading.drafts]
    references += [row.reference for row in reading.refused if row.reference]
    return frozenset(store.tokeniser.record_key(origin.feed_id, reference) for reference in references)


def with_returned(work: UnitOfWork, origin: Origin, reading: Reading[Any], gone: Collection[bytes]) -> Reading[Any]:
    """Set older stamps in the drafts of withdrawn entries to now, so that the entries return to the register.

    `gone` has the keys of the withdrawn entries.
    """

    def restored(draft: Draft[Any]) -> Draft[Any]:
        if work.store.tokeniser.record_key(origin.feed_id, draft.reference) not in gone:
            return draft
        # The file is the register as it is today. An older stamp in its row must not keep an entry off the register.
        return draft._replace(stamp=max(draft.stamp, exact(work.now)))

    return replace(reading, drafts=[restored(draft) for draft in reading.drafts]) if gone else reading


def refusal_of(
    replacement: Replacement, missing: MissingEntries, reading: Reading[Any]
) -> ReplacementTooLargeError | None:
    # A row without a readable reference may be any missing entry. Then every withdrawal needs confirmation.
    unreadable = any(row.reference is None for row in reading.refused)
    small = missing.share <= replacement.share and not (unreadable and missing.pks)
    if small or len(missing.pks) == replacement.confirmed:
        return None
    return ReplacementTooLargeError(len(missing.pks), missing.live)


def record_refusal(work: UnitOfWork, origin: Origin, missing: MissingEntries) -> None:
    fields = {"would_withdraw": len(missing.pks), "live": missing.live, "share": round(missing.share, 4)}
    work.record_audit(AuditRow(AuditAction.REPLACEMENT_REFUSED, fields, subject=origin.feed_id, feed_id=origin.feed_id))
