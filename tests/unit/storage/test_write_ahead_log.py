from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import Engine, text

from services.runtime.gauges.gauges import SafetyGauges
from services.storage.database import engine as engine_module
from services.storage.database.engine import make_engine, reading
from services.storage.store import Store

KEPT = 64 * 1024
PAGE = 4096


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    # After four pages, the log is copied into the database file.
    monkeypatch.setattr(engine_module, "WAL_KEPT_BYTES", KEPT)
    monkeypatch.setattr(engine_module, "WAL_PAGES", 4)
    made = make_engine(f"sqlite:///{tmp_path / 'log.db'}")
    with made.begin() as connection:
        connection.execute(text("CREATE TABLE things (thing BLOB)"))
    yield made
    made.dispose()


def log_of(engine: Engine) -> int:
    return Path(f"{engine.url.database}-wal").stat().st_size


def write(engine: Engine, pages: int) -> None:
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO things VALUES (zeroblob(:size))"), {"size": pages * PAGE})


@pytest.mark.parametrize("seed", range(3))
def test_it_grows_under_a_long_reader_and_is_given_back_after_it(seed: int, engine: Engine) -> None:
    noise = random.Random(seed)
    with reading(engine).begin() as reader:
        reader.execute(text("SELECT count(*) FROM things"))
        for _ in range(12):
            write(engine, noise.randrange(5, 30))
        grown = log_of(engine)
    assert grown > KEPT
    # The first writes after the long read copy the log into the file and start a new log.
    for _ in range(3):
        write(engine, 1)
    assert log_of(engine) <= KEPT


def test_its_size_is_a_gauge(store: Store) -> None:
    with store.writing() as connection:
        connection.execute(text("CREATE TABLE things (thing BLOB)"))
    found: dict[str, GaugeMetricFamily] = {family.name: family for family in SafetyGauges(store).collect()}
    (sample,) = found["pullcord_wal_bytes"].samples
    assert sample.value == log_of(store.engine) > 0
