"""Keeps the SQL text of statements for all databases of a test run.

SQLAlchemy writes a statement as SQL once for each engine. Each test has an engine of its own. Without this, a third of
the time of a test would go into writing the same statements again.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any, ClassVar

from sqlalchemy import Engine

Key = tuple[Any, ...]


class SharedStatements(MutableMapping[Key, Any]):
    """A cache of statements. All caches of this class have the same content."""

    _kept: ClassVar[dict[Key, Any]] = {}

    def __getitem__(self, key: Key) -> Any:
        return self._kept[_for_any_engine(key)]

    def __setitem__(self, key: Key, statement: Any) -> None:
        self._kept[_for_any_engine(key)] = statement

    def __delitem__(self, key: Key) -> None:
        del self._kept[_for_any_engine(key)]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)


def share_statements(engine: Engine) -> Engine:
    """Let an engine use what engines on the same kind of database have written before it."""
    engine.update_execution_options(compiled_cache=SharedStatements())
    return engine


def _for_any_engine(key: Key) -> Key:
    # A key begins with the dialect, an object of one engine. In a run of tests, all of one name write the same SQL.
    dialect, *rest = key
    return (dialect.name, *rest)
