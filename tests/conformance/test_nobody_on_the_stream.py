from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaConsumer

from services.ingest.files.table import FileLimits
from services.ingest.reading.drafts import RawRow, RecordKind
from services.ingest.reading.sheets import read_sheet
from services.ingest.recording.service import accept
from services.ingest.recording.submission import Origin
from services.ingest.requests import raw_rows
from services.runtime.demo.samples import SAMPLES, Sample
from services.runtime.kafka.brokers.topics import read_topics
from services.storage.feeds import add_feed
from services.web.bodies import JSON, read_json_rows
from tests.support.checks.personal_data_probe import People, add_sample
from tests.support.clock import START
from tests.support.servers.distributed import Databases, DistributedDeployment, Line

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

FOLDER = Path(__file__).parents[2] / "samples"
PATIENCE_MS = 3_000


def kind_of(sample: Sample) -> RecordKind:
    return RecordKind.NOTICE if sample.feed_id.startswith("provider") else RecordKind.ENTRY


def rows_of(sample: Sample) -> Iterator[RawRow]:
    data = (FOLDER / sample.file_name).read_bytes()
    if sample.file_name.endswith(".json"):
        return iter(raw_rows(read_json_rows(data, JSON, "notices", 10_000)))
    return read_sheet(data, kind_of(sample), FileLimits(), None, sample.file_name).rows


@pytest.fixture
def told(databases: Databases, line: Line) -> Iterator[DistributedDeployment]:
    # The deployment has handled the samples, found the lines at risk, and alerted.
    engine = databases.fresh()
    deployment = DistributedDeployment(engine, line)
    deployment.with_officers()
    for sample in SAMPLES:
        kind, _, code = sample.feed_id.partition(":")
        add_feed(deployment.store, "council" if kind == "council" else "provider", code, sample.sender)
        accept(
            deployment.store,
            Origin(sample.feed_id, kind_of(sample), "test", sample.file_name.encode()),
            rows_of(sample),
        )
    deployment.tick(seconds=31)
    yield deployment
    engine.dispose()


def everything_on(line: Line) -> list[bytes]:
    consumer = KafkaConsumer(
        **line.settings.client(),
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        isolation_level="read_committed",
        consumer_timeout_ms=PATIENCE_MS,
    )
    topics = sorted(topic for topic in consumer.topics() if not topic.startswith("__"))
    assert {topic.name for topic in read_topics()} <= set(topics)
    consumer.subscribe(topics)
    found = []
    for record in consumer:
        found += [
            record.key or b"",
            record.value or b"",
            *(part for header in record.headers for part in _bytes(header)),
        ]
    consumer.close()
    return found


def _bytes(header: tuple[str, bytes]) -> tuple[bytes, bytes]:
    return header[0].encode(), header[1]


def test_no_number_address_or_postcode_is_in_any_topic(told: DistributedDeployment, line: Line) -> None:
    people = People()
    for sample in SAMPLES:
        add_sample(people, FOLDER / sample.file_name, kind_of(sample), START)
    told.settle()
    stream = b"\n".join(everything_on(line))
    assert len(stream) > 1_000_000
    assert len(told.cases()) > 300
    assert people.found_in(stream) == set()
    number = min(people.numbers).encode()
    assert people.found_in(stream + b" 0" + number) == {number.decode()}
