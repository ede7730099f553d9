from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.alerts.delivery.drills.metrics import DRILL_ANSWERS
from services.alerts.delivery.drills.rules import ANSWERABLE, AnswerWay, DrillState
from services.alerts.delivery.drills.starting import DrillRefusedError
from services.alerts.delivery.drills.store import Drill, change_drill, lock_drill
from services.core.audit import AuditAction
from services.storage.audit import AuditRow
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork

_OVER: Final = {
    DrillState.ANSWERED: "somebody has answered this drill already",
    DrillState.ENDED: "this drill is over, and nobody has answered it: the next one asks anew",
}


def record_answer(
    store: Store,
    reference: str,
    by: str,
    way: AnswerWay,
    feed_id: str | None = None,
    sealed: Mapping[str, str] | None = None,
) -> Drill:
    """Record a person's answer to a drill. The audit stores the details in `sealed` encrypted.

    Raises NotFoundError if there is no such drill, and DrillRefusedError if the drill is over.
    """
    now = store.now()
    with store.writing() as connection:
        work = UnitOfWork(connection, store, now)
        drill = lock_drill(connection, reference, feed_id)
        if drill.state not in ANSWERABLE:
            raise DrillRefusedError(_OVER[drill.state])
        change_drill(connection, drill.alert_pk, state=DrillState.ANSWERED.value, answered_at=now, due_at=None)
        fields = {"drill": drill.reference, "month": drill.month, "way": way.value, "in_time": now <= drill.answer_by}
        row = AuditRow(
            AuditAction.DRILL_ANSWERED,
            fields,
            subject=drill.reference,
            feed_id=drill.feed_id,
            actor=by,
            sealed=sealed or {},
        )
        work.record_audit(row)
    DRILL_ANSWERS.labels(way.value).inc()
    return drill._replace(state=DrillState.ANSWERED, answered_at=now, due_at=None)
