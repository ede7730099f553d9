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
    handlers, level, before = logging.root.handlers[:], logging.root.level, structlog.get_config()
    spoken = io.StringIO()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "stderr", spoken)
        configure(role, pretty=pretty)
        yield spoken
    structlog.configure(**before)
    logging.root.handlers[:], logging.root.level = handlers, level


@contextmanager
def everything_logged(*libraries: str) -> Iterator[list[str]]:
    texts: list[str] = []
    handler = _Keeping(texts)
    loggers = [logging.getLogger(name) for name in ("", *libraries)]
    levels = [logger.level for logger in loggers]
    logging.root.addHandler(handler)
    for logger in loggers:
        logger.setLevel(1)
    yield texts
    logging.root.removeHandler(handler)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


class _Keeping(logging.Handler):
    def __init__(self, texts: list[str]) -> None:
        super().__init__(level=0)
        self._texts = texts

    def emit(self, record: logging.LogRecord) -> None:
        self._texts.append(record.getMessage())
