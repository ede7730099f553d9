from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.outcomes import Outcome
from services.ingest.recording.service import accept
from services.ingest.requests import IngestLimits, origin
from services.runtime.cli.commands.files.import_files import read_file
from services.runtime.demo.samples import SAMPLES
from services.runtime.maintenance.backups import back_up, restore
from services.storage.feeds import add_feed
from tests.support.deployment import BLACKPOOL, RAVEN, Deployment, sqlite_engine

ROOT = Path(__file__).parents[4]
PAPERS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
EXAMPLES = ROOT / "schemas" / "examples"
BODY = re.compile(r"-d '(\{.*?\})'", re.DOTALL)
KINDS = {"migration_notice": RecordKind.NOTICE, "register_entry": RecordKind.ENTRY}

Rows = list[Mapping[str, Any]]


def rows_of(body: Any) -> tuple[RecordKind, Rows] | None:
    """Return None if the API would not accept the body as notices or entries."""
    for member, kind, name in (("notices", RecordKind.NOTICE, "id"), ("entries", RecordKind.ENTRY, "entry_id")):
        if member in body:
            return kind, body[member]
        if name in body:
            return kind, [body]
    return None


def documented() -> Iterator[Any]:
    for paper in PAPERS:
        for number, body in enumerate(BODY.findall(paper.read_text())):
            if found := rows_of(json.loads(body)):
                yield pytest.param(*found, id=f"{paper.name}-{number}")


def examples() -> Iterator[Any]:
    for name, kind in KINDS.items():
        for path in sorted((EXAMPLES / name / "valid").glob("*.json")):
            yield pytest.param(kind, [json.loads(path.read_text())], id=path.stem)


def survives(deployment: Deployment, folder: Path, table: str, taken: int) -> None:
    made = back_up(deployment.store, folder / "backup.db")
    deployment.store.engine.dispose()
    put_back = restore(deployment.store, folder / "backup.db", replacing=True)
    assert (made.rows[table], put_back.contents.rows[table]) == (taken, taken)


def take(deployment: Deployment, kind: RecordKind, rows: Rows) -> int:
    feed, put = (RAVEN, deployment.post_notices) if kind is RecordKind.NOTICE else (BLACKPOOL, deployment.put_entries)
    provider = next((row["provider_id"] for row in rows if row.get("provider_id")), None)
    if kind is RecordKind.NOTICE and provider is not None:
        feed = f"provider:{provider}"
        if feed != RAVEN:
            add_feed(deployment.store, "provider", provider, "Another")
    receipt, _ = put(*rows, feed=feed)
    return receipt.counts[Outcome.ACCEPTED] + receipt.counts[Outcome.WARNED]


TABLES = {RecordKind.NOTICE: "notices", RecordKind.ENTRY: "register_entries"}


@pytest.mark.parametrize(("kind", "rows"), [*documented(), *examples()])
def test_a_documented_example_is_backed_up_and_put_back(
    deployment: Deployment, tmp_path: Path, kind: RecordKind, rows: Rows
) -> None:
    taken = take(deployment, kind, rows)
    assert taken
    # An area notice has a record beside it for each of its areas.
    shared = sum(len(set(row.get("area_codes") or ())) for row in rows) if kind is RecordKind.NOTICE else 0
    survives(deployment, tmp_path, TABLES[kind], taken + shared)


def test_the_papers_show_at_least_a_batch_a_single_notice_and_a_register() -> None:
    assert len(list(documented())) >= 3


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file_name)
def test_a_sample_is_backed_up_and_put_back(deployment: Deployment, tmp_path: Path, sample: Any) -> None:
    kind = RecordKind.NOTICE if sample.file_name.startswith("notices") else RecordKind.ENTRY
    feed_kind, code = sample.feed_id.split(":")
    if sample.feed_id not in (BLACKPOOL, RAVEN):
        add_feed(deployment.store, feed_kind, code, sample.sender)
    read = read_file(ROOT / "samples" / sample.file_name, kind, IngestLimits())
    accept(deployment.store, origin(sample.feed_id, kind, "command", read.data, None), read.rows)
    deployment.tick(seconds=31)
    with deployment.store.reading() as connection:
        taken = connection.exec_driver_sql(f"SELECT count(*) FROM {TABLES[kind]}").scalar_one()
    assert taken > 50
    survives(deployment, tmp_path, TABLES[kind], taken)


@pytest.mark.parametrize("reference", ["RT-1", " RT 1 ", "Wärter/№7", "n1", None])
def test_a_notice_is_known_by_its_lasting_reference_also_in_a_backup(
    deployment: Deployment, tmp_path: Path, reference: str | None
) -> None:
    deployment.post_notices({"id": "n1", "cli": "01632 960123", "provider_reference": reference})
    deployment.post_notices({"id": "n2", "cli": "01632 960124", "provider_reference": reference})
    survives(deployment, tmp_path, "notices", 1 if reference else 2)


NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=120).filter(str.strip)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(NAMES, st.none() | NAMES), min_size=1, max_size=8), st.lists(NAMES, max_size=8))
def test_whatever_senders_call_their_records_a_backup_of_them_is_good(
    notices: list[tuple[str, str | None]], entries: list[str]
) -> None:
    with TemporaryDirectory() as folder:
        deployment = Deployment(sqlite_engine(Path(folder)))
        rows = [{"id": one, "provider_reference": other, "cli": "01632 960123"} for one, other in notices]
        deployment.post_notices(*rows)
        deployment.put_entries(*({"entry_id": one, "cli": "01632 960123"} for one in entries))
        lasting = {(other or one).strip() for one, other in notices}
        survives(deployment, Path(folder), "notices", len(lasting))
        deployment.store.engine.dispose()
