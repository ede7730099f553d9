from __future__ import annotations

import gc
import logging
from collections.abc import Iterator

import pytest


@pytest.fixture
def broken_connections() -> Iterator[None]:
    factory = logging.getLogRecordFactory()
    # Each log record keeps only its text. A whole record could keep a socket alive.
    logging.setLogRecordFactory(lambda *args, **more: _plain(factory(*args, **more)))
    yield
    logging.setLogRecordFactory(factory)
    gc.collect()


def _plain(record: logging.LogRecord) -> logging.LogRecord:
    record.msg, record.args, record.exc_info = record.getMessage(), (), None
    return record
