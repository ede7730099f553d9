from __future__ import annotations

import gc
import logging
from collections.abc import Iterator

import pytest


@pytest.fixture
def broken_connections() -> Iterator[None]:
    """Close the sockets that Kafka clients leave open if they find no broker.

    The garbage collector closes these sockets, so it runs at the end of the test. pytest keeps log records, and a log
    record could keep a socket alive. So each record keeps only its text.
    """
    factory = logging.getLogRecordFactory()
    logging.setLogRecordFactory(lambda *args, **more: _plain(factory(*args, **more)))
    yield
    logging.setLogRecordFactory(factory)
    gc.collect()


def _plain(record: logging.LogRecord) -> logging.LogRecord:
    record.msg, record.args, record.exc_info = record.getMessage(), (), None
    return record
