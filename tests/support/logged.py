"""The log of a process as a command sets it up, caught in memory."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import structlog

from services.runtime.logs import configure


@contextmanager
def captured_log(role: str, *, pretty: bool = False) -> Iterator[io.StringIO]:
    """Yield the stream to which the log is written. Afterwards logging is set up as before."""
    handlers, level, before = logging.root.handlers[:], logging.root.level, structlog.get_config()
    spoken = io.StringIO()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "stderr", spoken)
        configure(role, pretty=pretty)
        yield spoken
    structlog.configure(**before)
    logging.root.handlers[:], logging.root.level = handlers, level
