from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Barrier
from typing import Any

from sqlalchemy import Engine, event

# Seconds to wait for the other transaction.
PATIENCE = 30.0


@contextmanager
def interrupted_before(engine: Engine, words: str, meanwhile: Callable[[], None]) -> Iterator[None]:
    """Call `meanwhile` just before the first statement that contains `words`."""
    first = iter([meanwhile])

    def interrupt(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if words in statement:
            next(first, _go_on)()

    event.listen(engine, "before_cursor_execute", interrupt)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", interrupt)
    assert next(first, None) is None, f"no statement with {words}"


@contextmanager
def committing_together(engine: Engine, transactions: int) -> Iterator[None]:
    """Make each writing transaction wait before its commit until `transactions` of them are ready to commit."""
    barrier = Barrier(transactions)

    def note(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.lstrip().startswith("SELECT"):
            connection.info["changed"] = True

    def wait(connection: Any) -> None:
        # A transaction that only reads need not wait for anybody.
        if connection.info.pop("changed", False):
            barrier.wait(PATIENCE)

    event.listen(engine, "before_cursor_execute", note)
    event.listen(engine, "commit", wait)
    try:
        yield
    finally:
        event.remove(engine, "commit", wait)
        event.remove(engine, "before_cursor_execute", note)


def _go_on() -> None:
    # `interrupted_before` calls `meanwhile` only once.
    ...
