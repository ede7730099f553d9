from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from services.ingest.files.dates import DateOrder
from services.ingest.files.table import FileLimits
from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.sheets import Sheet, read_sheet
from services.ingest.reading.spreadsheets.chosen_columns import ChosenWord


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    # No source prescribes the limits: they are our own choice.
    workers: int = 2
    # Processor time for one file. The whole time may be three times as long, where the machine is busy.
    seconds: int = 60
    # Memory of one worker beyond what it needs when it starts.
    memory_bytes: int = 400 * 1024 * 1024


class FileJob(NamedTuple):
    data: bytes
    kind: RecordKind
    limits: FileLimits
    media_type: str | None = None
    file_name: str | None = None
    dates: DateOrder | None = None
    by_hand: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    remembered: tuple[ChosenWord, ...] = ()


def read_job(job: FileJob) -> Sheet:
    return read_sheet(
        job.data,
        job.kind,
        job.limits,
        job.media_type,
        job.file_name,
        dates=job.dates,
        by_hand=job.by_hand,
        words=job.words,
        remembered=job.remembered,
    )


def without_rows(sheet: Sheet) -> Sheet:
    # The rows are sent separately.
    return replace(sheet, rows=())  # type: ignore[arg-type] # an iterator cannot be sent
