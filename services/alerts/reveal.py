from __future__ import annotations

from services.alerts.match_views import notice_numbers
from services.alerts.review.case import Case
from services.core.audit import AuditAction
from services.storage.audit import AuditRow, write_audit
from services.storage.store import Store


def reveal_numbers(store: Store, case: Case, by: str) -> dict[str, list[str]]:
    """Map the reference of each match to the telephone numbers in the notice.

    The audit records `by` as the reader of the numbers.
    """
    with store.writing() as connection:
        numbers = notice_numbers(connection, store, case.entry_pk)
        fields = {"case": case.reference, "notices": len(numbers)}
        row = AuditRow(AuditAction.NUMBERS_REVEALED, fields, case.reference, case.feed_id, actor=by)
        # Before anything is returned: what is not on the audit is not shown.
        write_audit(connection, store.vault, [row], store.now())
    return numbers
