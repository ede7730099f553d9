from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from services.alerts.delivery.operator import FEEDS_SILENT, FILES_REFUSED, alert_operator
from services.ingest.reading.drafts import RecordKind
from services.ingest.recording.refused.files import note_refused_file
from services.storage.tables import alerts, refused_files
from tests.support.deployment import BLACKPOOL, RAVEN, Deployment
from tests.support.ledger import count, rows

WORKERS = 4


def look(deployment: Deployment) -> list[str]:
    with ThreadPoolExecutor(WORKERS) as pool:
        asked = [
            pool.submit(alert_operator, deployment.store, deployment.fallback, deployment.clock.now(), silence=True)
            for _ in range(WORKERS)
        ]
    assert all(one.exception() is None for one in asked)
    return sorted(row.reason for row in rows(deployment, alerts))


@pytest.mark.parametrize("feed", [BLACKPOOL, RAVEN])
def test_a_silence_is_raised_once(deployment: Deployment, feed: str) -> None:
    if feed == BLACKPOOL:
        deployment.put_entries({"entry_id": "e1", "cli": "01632 960123"})
    else:
        deployment.post_notices({"id": "n1", "cli": "01632 960123"})
    assert look(deployment) == []
    deployment.clock.advance(days=9)
    assert look(deployment) == look(deployment) == [FEEDS_SILENT]


def test_a_refused_file_is_raised_once(deployment: Deployment) -> None:
    with ThreadPoolExecutor(WORKERS) as pool:
        for _ in range(WORKERS):
            pool.submit(note_refused_file, deployment.store, RAVEN, RecordKind.NOTICE, "file", "empty")
    assert count(deployment, refused_files) == 1
    deployment.clock.advance(days=2)
    assert look(deployment) == look(deployment) == [FILES_REFUSED]
