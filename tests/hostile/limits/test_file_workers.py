from __future__ import annotations

import os
import pickle
import random
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from services.core.errors import RefusedError
from services.ingest.files.problems import FileRefused
from services.ingest.files.table import FileLimits
from services.ingest.reading.drafts import RawRow, RecordKind
from services.ingest.reading.outcomes import Issue
from services.ingest.reading.sheets import read_sheet
from services.ingest.workers.frames import FrameError, closed, opened_frame
from services.ingest.workers.job import FileJob, WorkerLimits
from services.ingest.workers.pool import FileReaders, NoWorkerFreeError, WorkerFailedError
from tests.hostile.http_fuzz import assert_refused
from tests.support.deployment import Deployment
from tests.support.http import CSV, REGISTER_UPLOADS, Api, make_api_parts, open_api
from tests.unit.ingest.workbooks import workbook

HEAD = "entry_id,cli,postcode,Service started,Last confirmed,Last test\n"
SMALL = f"{HEAD}a,01632 960001,FY3 8AB,2026-11-01,2026-11-01,2026-11-01\n".encode()
# A file that takes seconds on any machine, and more memory than the smallest limit of a worker.
LARGE = "".join(
    [
        HEAD,
        *(
            f"a{n},01632 960001,FY3 8AB,{n % 28 + 1} May {1980 + n % 40},w/c {n}/1/26,{n % 99999:05}.25\n"
            for n in range(99_000)
        ),
    ]
).encode()
LITTLE_TIME = WorkerLimits(workers=1, seconds=1)
LITTLE_MEMORY = WorkerLimits(workers=1, memory_bytes=24 * 1024 * 1024)


def job(data: bytes, **options: Any) -> FileJob:
    return FileJob(data, RecordKind.ENTRY, FileLimits(), **options)


@pytest.fixture
def readers() -> Iterator[FileReaders]:
    made = FileReaders(WorkerLimits(workers=1))
    yield made
    made.close()


def workers() -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == str(os.getpid()) and b"services.ingest.workers.worker" in command:
            found.append(int(folder.name))
    return found


@pytest.mark.parametrize("limits", [LITTLE_TIME, LITTLE_MEMORY], ids=["time", "memory"])
def test_a_file_beyond_its_limits_is_refused_and_the_next_one_is_read(limits: WorkerLimits) -> None:
    readers = FileReaders(limits)
    for _ in range(2):
        with pytest.raises(FileRefused) as refused:
            readers.read(job(LARGE))
        assert refused.value.code.value == "too_costly"
        assert [row.fields["entry_id"] for row in readers.read(job(SMALL)).rows] == ["a"]
    readers.close()


@pytest.mark.parametrize("seed", range(6))
def test_a_worker_reads_a_file_as_this_process_would(readers: FileReaders, seed: int) -> None:
    source = random.Random(seed)
    others = ["Post Code", "UPRN", "Last test", "Name", "odd", "Status", "Last confirmed"]
    headings = ["entry_id", "Tel No", *source.sample(others, k=5)]
    cells = ["", "01632 960001", "2026-11-01", "13/14/2026", "active", "FY3 8AB", "Total", "=A1", "x" * 3_000, "7"]
    rows = [[source.choice(cells) for _ in headings] for _ in range(source.randrange(1_200))]
    if seed % 2:
        data = workbook(*rows, headings=headings)
    else:
        data = "\n".join(",".join(row) for row in [headings, *rows]).encode()
    asked = job(data, by_hand=("odd=make_model",) if "odd" in headings else ())
    expected = read_sheet(data, RecordKind.ENTRY, FileLimits(), by_hand=asked.by_hand)
    found = readers.read(asked)
    assert list(found.rows) == list(expected.rows)
    assert (found.columns, found.headings) == (expected.columns, expected.headings)
    assert found.remarks_after([]) == expected.remarks_after([])


def test_refusals_are_those_of_the_file_and_keep_the_worker(readers: FileReaders) -> None:
    readers.read(job(SMALL))
    before = workers()
    with pytest.raises(FileRefused, match="The file is empty"):
        readers.read(job(b" "))
    with pytest.raises(RefusedError, match="does not have"):
        readers.read(job(SMALL, by_hand=("Lifeline No=entry_id",)))
    assert [row.number for row in readers.read(job(SMALL)).rows] == [2]
    assert workers() == before


@pytest.mark.parametrize("ended_by", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_a_worker_that_was_ended_while_idle_costs_no_file(readers: FileReaders, ended_by: signal.Signals) -> None:
    readers.read(job(SMALL))
    for pid in workers():
        os.kill(pid, ended_by)
    assert [row.number for row in readers.read(job(SMALL)).rows] == [2]


def test_a_worker_has_nothing_of_the_environment(readers: FileReaders, monkeypatch: pytest.MonkeyPatch) -> None:
    before = set(workers())
    monkeypatch.setenv("PULLCORD_KEYS", "a-secret-of-the-deployment")
    readers.read(job(SMALL))
    (started,) = set(workers()) - before
    assert b"a-secret-of-the-deployment" not in Path(f"/proc/{started}/environ").read_bytes()


def test_a_file_that_finds_no_worker_free_is_asked_for_again() -> None:
    busy = FileReaders(WorkerLimits(workers=1), patience=0)
    with busy._a_worker(), pytest.raises(NoWorkerFreeError):
        busy.read(job(SMALL))
    assert busy.read(job(SMALL)).headings
    busy.close()


def test_a_fault_of_the_reader_is_raised_without_the_text_that_may_quote_a_cell(readers: FileReaders) -> None:
    with pytest.raises(WorkerFailedError, match=r"^a worker failed: AttributeError$"):
        readers.read(job(SMALL)._replace(by_hand=(1,)))  # type: ignore[arg-type]
    assert readers.read(job(SMALL)).headings


HARMFUL: list[Callable[..., Any]] = [os.system, eval, subprocess.Popen, open, getattr, read_sheet, Path, closed]


@pytest.mark.parametrize("value", HARMFUL, ids=lambda value: value.__name__)
def test_nothing_that_a_worker_sends_can_name_a_function_or_a_class_of_others(value: object) -> None:
    with pytest.raises(FrameError):
        opened_frame(pickle.dumps([1, value]))


class _Reduced:
    def __init__(self, called: object) -> None:
        self.called = called

    def __reduce__(self) -> Any:
        return self.called, ("true",)


@pytest.mark.parametrize("value", HARMFUL, ids=lambda value: value.__name__)
def test_nothing_that_a_worker_sends_is_called(value: object) -> None:
    with pytest.raises(FrameError):
        opened_frame(pickle.dumps(_Reduced(value)))


def test_rows_are_sent_as_they_are() -> None:
    issue = Issue("cli", "x", "Reason.", "Remedy.")
    fields = {"cli": "a", "updated_at": datetime(2026, 11, 1, tzinfo=UTC), "planned": date(2026, 11, 1), "lines": ["b"]}
    rows = [RawRow(2, fields, (issue,), usable=False, typed=True)]
    assert opened_frame(closed(rows)) == rows


def test_over_http_a_costly_file_is_a_problem_and_others_are_taken_in(deployment: Deployment) -> None:
    parts = make_api_parts(deployment)
    parts = replace(parts, limits=replace(parts.limits, workers=LITTLE_TIME))
    with open_api(deployment, parts=parts) as api:
        for query in ("", "?dry_run=true", "?mode=replace"):
            refused = upload(api, LARGE, query)
            assert_refused(refused, 422, "file-refused")
            assert refused.json()["code"] == "too_costly"
            assert "several files" in refused.json()["remedy"]
        assert upload(api, SMALL).status_code == 202


def upload(api: Api, data: bytes, query: str = "") -> Any:
    return api.ask("blackpool", "POST", REGISTER_UPLOADS + query, content=data, headers={"Content-Type": CSV})
