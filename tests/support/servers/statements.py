"""Shares one cache of SQL texts among all databases of a test run."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any, ClassVar

from sqlalchemy import Engine

Key = tuple[Any, ...]


class SharedStatements(MutableMapping[Key, Any]):
    # All objects of this class share one content.
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
    engine.update_execution_options(compiled_cache=SharedStatements())
    return engine


def _for_any_engine(key: Key) -> Key:
    # A key begins with the engine's own dialect object. In a test run, all dialects of the same name write the same
    # SQL.
    dialect, *rest = key
    return (dialect.name, *rest)
