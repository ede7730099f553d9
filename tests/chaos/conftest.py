"""What a run needs around it."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator

import pytest


@pytest.fixture
def broken_connections() -> Iterator[None]:
    """Clients of Kafka's that find no broker leave their sockets to the collector, which comes before the report does.

    The records of their log are kept for it and would keep the sockets: they keep their text alone.
    """
    factory = logging.getLogRecordFactory()
    logging.setLogRecordFactory(lambda *args, **more: _plain(factory(*args, **more)))
    yield
    logging.setLogRecordFactory(factory)
    gc.collect()


def _plain(record: logging.LogRecord) -> logging.LogRecord:
    record.msg, record.args, record.exc_info = record.getMessage(), (), None
    return record
