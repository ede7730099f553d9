from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from shutil import disk_usage

from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import Connection

from services.runtime.gauges.store import first_key_to_expire, first_on_record, last_backup


def upkeep(connection: Connection, now: datetime) -> Iterator[GaugeMetricFamily]:
    yield _disk_free(connection)
    yield _wal(connection)
    yield GaugeMetricFamily(
        "pullcord_backup_age_seconds",
        "Age of the newest backup on record; where there is none, of the first thing on record.",
        value=_seconds_since(last_backup(connection) or first_on_record(connection), now),
    )
    yield _first_key_to_end(connection, now)


def _disk_free(connection: Connection) -> GaugeMetricFamily:
    family = GaugeMetricFamily("pullcord_disk_free_bytes", "Bytes free on the disk of the SQLite database.")
    database = connection.engine.url.database
    # A PostgreSQL server has its own exporter. A SQLite database in memory has no disk.
    if connection.dialect.name == "sqlite" and database:
        family.add_metric((), disk_usage(Path(database).parent).free)
    return family


def _wal(connection: Connection) -> GaugeMetricFamily:
    family = GaugeMetricFamily("pullcord_wal_bytes", "Bytes in the write-ahead log of the SQLite database.")
    database = connection.engine.url.database
    if connection.dialect.name == "sqlite" and database:
        log = Path(f"{database}-wal")
        # The log is removed when the last connection of all processes closes.
        family.add_metric((), log.stat().st_size if log.exists() else 0)
    return family


def _first_key_to_end(connection: Connection, now: datetime) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "pullcord_api_key_expires_in_seconds",
        "Time until the first API key that has not been revoked ends; negative once it has.",
    )
    ends = first_key_to_expire(connection)
    if ends is not None:
        family.add_metric((), (ends - now).total_seconds())
    return family


def _seconds_since(moment: datetime | None, now: datetime) -> float:
    return max(0.0, (now - moment).total_seconds()) if moment else 0.0
