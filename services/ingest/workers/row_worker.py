# Reads rows into drafts. The process has no keys, no database and no environment variables of its parent.

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from typing import Final

from services.ingest.workers.frames import FrameError, closed, opened_frame, read_frame, write_frame

# Below everything else on the machine: alerts go first.
_NICENESS: Final = 5
_MOST_BYTES: Final = 1 << 30


def serve_rows() -> None:
    os.nice(_NICENESS)
    # The parent ends this process after its own work is done.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Whatever a library prints must not get between the messages.
    out, sys.stdout = sys.stdout.buffer, sys.stderr
    with suppress(FrameError):
        while True:
            reader, rows = opened_frame(read_frame(sys.stdin.buffer, _MOST_BYTES))
            write_frame(out, closed([*map(reader.read, rows)]))


if __name__ == "__main__":
    serve_rows()
