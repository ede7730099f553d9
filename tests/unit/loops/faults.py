from __future__ import annotations

import builtins
from collections.abc import Iterator

from hypothesis import strategies as st
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError


class NobodyForesawError(Exception):
    pass


class WorseError(BaseException):
    pass


def _of_python() -> Iterator[BaseException]:
    for kind in vars(builtins).values():
        # Faults that need arguments are left out, such as groups of exceptions and encoding errors.
        if isinstance(kind, type) and issubclass(kind, BaseException) and kind.__init__ is not BaseException.__init__:
            try:
                yield kind()
            except TypeError:
                continue


OF_THE_DATABASE = (
    OperationalError("", None, Exception("database is locked")),
    ProgrammingError("", None, Exception()),
    IntegrityError("", None, Exception()),
    DataError("", None, Exception()),
    PoolTimeoutError(),
)
# Faults that `except Exception` does not catch.
ENDING_A_THREAD = (SystemExit(), KeyboardInterrupt(), GeneratorExit(), WorseError())
A_FEW = (OF_THE_DATABASE[0], OSError(28, "No space left on device"), MemoryError(), ValueError(), *ENDING_A_THREAD)
EVERY = (*_of_python(), *OF_THE_DATABASE, NobodyForesawError(), WorseError())

any_fault = st.sampled_from(EVERY).map(lambda fault: fault.with_traceback(None))


def kind_of(fault: BaseException) -> str:
    return type(fault).__name__
