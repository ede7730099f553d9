# A hostile file may control the worker, so only a few types are accepted.

from __future__ import annotations

import pickle
from datetime import date, datetime, time, timedelta, timezone
from enum import StrEnum
from io import BytesIO
from typing import IO, Any, Final

from pydantic_core import TzInfo

from services.core.errors import PullcordError
from services.core.tokens import TokenKind

# Rows in one message. Opening one holds the interpreter for some milliseconds, so alerts go on in between.
ROWS_A_FRAME: Final = 500
_LENGTH: Final = 8  # bytes
# The values of fields, and the classes of rows and columns. A worker reads hostile files, so it is not trusted:
# nothing that it sends may name a function.
_VALUES: Final[dict[tuple[str, str], type]] = {
    (kind.__module__, kind.__name__): kind for kind in (date, datetime, time, timedelta, timezone, TzInfo, TokenKind)
}
_OURS: Final = ("services.ingest.reading.", "services.ingest.files.", "schemas.")


class FrameKind(StrEnum):
    # After BEGUN, SHEET or ROWS, another message follows.
    BEGUN = "begun"
    SHEET = "sheet"
    ROWS = "rows"
    DONE = "done"
    FILE_REFUSED = "file_refused"
    REFUSED = "refused"
    OUT_OF_MEMORY = "out_of_memory"
    FAILED = "failed"


class FrameError(PullcordError):
    """A message from a worker is cut off, too long or forbidden."""


class _Opener(pickle.Unpickler):
    def find_class(self, module_name: str, name: str) -> Any:
        if value := _VALUES.get((module_name, name)):
            return value
        if module_name.startswith(_OURS) and "." not in name:
            found = super().find_class(module_name, name)
            if isinstance(found, type) and found.__module__ == module_name:
                return found
        raise FrameError("a worker sent a value of a kind that is not allowed")


def closed(value: object) -> bytes:
    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


def opened_frame(data: bytes) -> Any:
    """Return the object that the function `closed` has turned into `data`.

    Raises FrameError if `data` names a class that no worker sends.
    """
    return _Opener(BytesIO(data)).load()


def write_frame(stream: IO[bytes], data: bytes) -> None:
    stream.write(len(data).to_bytes(_LENGTH, "big"))
    stream.write(data)
    stream.flush()


def read_frame(stream: IO[bytes], most: int) -> bytes:
    """Raises FrameError if the stream ends before the end of a message, or if a message exceeds `most` bytes."""
    length = int.from_bytes(_exactly(stream, _LENGTH), "big")
    if length > most:
        raise FrameError("a message is longer than any worker sends")
    return _exactly(stream, length)


def _exactly(stream: IO[bytes], length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise FrameError("the stream has ended")
    return data
