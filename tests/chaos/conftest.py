"""A fixture for the tests that run a deployment through faults."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator

import pytest


@pytest.fixture
def broken_connections() -> Iterator[None]:
    """Close the sockets of Kafka clients that find no broker.

    These clients leave their sockets to the garbage collector, so the collector runs at the end of the test. pytest
    keeps log records for its report. A log record would keep a socket alive, so each record keeps only its text.
    """
    factory = logging.getLogRecordFactory()
    logging.setLogRecordFactory(lambda *args, **more: _plain(factory(*args, **more)))
    yield
    logging.setLogRecordFactory(factory)
    gc.collect()


def _plain(record: logging.LogRecord) -> logging.LogRecord:
    record.msg, record.args, record.exc_info = record.getMessage(), (), None
    return record
