from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from services.storage.tables import audit


def find_history(
    connection: Connection, reference: str, after_pk: int = 0, limit: int | None = None
) -> Sequence[Row[Any]]:
    # The oldest row comes first. The actor and a person's record are sealed together in one column.
    query = select(audit).where(audit.c.subject == reference, audit.c.pk > after_pk)
    return connection.execute(query.order_by(audit.c.pk).limit(limit)).all()
