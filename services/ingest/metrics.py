from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import Counter

from services.ingest.reading.drafts import RecordKind

ROWS = Counter("pullcord_ingest_rows_total", "Rows received, by kind of record and outcome.", ("kind", "outcome"))
SUBMISSIONS = Counter(
    "pullcord_ingest_submissions_total", "Submissions taken in, by kind and channel.", ("kind", "channel")
)


def count_submission(kind: RecordKind, channel: str, counts: Mapping[str, int]) -> None:
    SUBMISSIONS.labels(kind.value, channel).inc()
    for outcome, number in counts.items():
        ROWS.labels(kind.value, outcome).inc(number)
