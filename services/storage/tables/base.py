from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Dialect, MetaData, TypeDecorator

from services.core.clock import from_micros, to_micros

metadata = MetaData(
    # Constraints get fixed names, so that a later migration can name the constraint that it drops.
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    # Whole microseconds sort in the same order on every database.
    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else to_micros(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else from_micros(value)


def pk() -> Column[int]:
    # Ids are allotted in blocks (sequences.py), so that a batch knows its ids before its rows are written.
    return Column("pk", BigInteger, primary_key=True, autoincrement=False)
