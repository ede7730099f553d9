"""Measures time, memory and the delay of alerts during the largest allowed uploads.

python -m benchmarks.uploads [--only csv|xlsx|json]
"""
# The memory of the process and of its workers is added up ten times a second.

from __future__ import annotations

import argparse
import io
import json
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event, Thread
from time import perf_counter, time

import httpx
import openpyxl
from sqlalchemy import Engine

from benchmarks.distributed.environment.furnishing import COUNCIL, furnish, make_store
from benchmarks.distributed.environment.mailbox import Mailbox
from benchmarks.distributed.environment.processes import Processes, free_port, until
from benchmarks.distributed.results.journeys import journeys
from services.ingest.files.table import FileLimits
from services.runtime.maintenance.keyring import new_keyring, write_keyring
from services.storage.database.engine import make_engine
from services.storage.feeds import add_feed
from services.storage.secrets.keys import Role, create_key

MIB = 1024 * 1024
OTHER = "W06000015"
CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LIMITS = FileLimits()
FIELDS = [
    "entry_id",
    "cli",
    "uprn",
    "postcode",
    "address 1",
    "address 2",
    "town",
    "Last test",
    "Last confirmed",
    "status",
]
EACH_SECONDS = 1.0
MAIL_SECONDS = 120.0


@dataclass(frozen=True)
class Upload:
    name: str
    media: str
    method: str
    path: str
    body: bytes


def row(number: int) -> list[str]:
    day = f"{number % 28 + 1:02}/{number % 12 + 1:02}/2026"
    number_dialled, uprn = f"01632 960{number % 1000:03}", f"{100_000_000_000 + number}"
    place = [f"FY{number % 9 + 1} {number % 9}AB", f"{number} Tower Road", "Marton", "Blackpool"]
    return [f"TC{number}", number_dialled, uprn, *place, day, day, "active"]


def csv_file() -> bytes:
    headings = FIELDS + [f"own {number}" for number in range(LIMITS.columns - len(FIELDS))]
    lines = [",".join(headings), *(",".join(row(number)) for number in range(LIMITS.rows - 1))]
    data = ("\n".join(lines) + "\n").encode()
    # The rest of the bytes stands in columns that are not read.
    return data + b"z,," + b'"' + b"x" * 1_900 + b'"\n' if len(data) < LIMITS.bytes else data


def workbook() -> bytes:
    headings = FIELDS + [f"own {number}" for number in range(LIMITS.columns - len(FIELDS))]
    out = io.BytesIO()
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(headings)
    filler = [f"o{number}" for number in range(12)]
    for number in range(LIMITS.rows - 1):
        sheet.append([*row(number), *filler])
    book.save(out)
    return out.getvalue()


def json_body() -> bytes:
    contacts = ["x" * 55] * 20
    rows = [
        {
            "entry_id": f"J{number}",
            "cli": f"01632 960{number % 1000:03}",
            "postcode": "FY3 8AB",
            "device_kind": "y" * 190,
            "address_lines": [f"{number} Tower Road", *["z" * 190] * 7],
            "communication_needs": contacts,
        }
        for number in range(10_000)
    ]
    return json.dumps(rows).encode()[: 32 * MIB]


def uploads(only: str | None) -> Iterator[Upload]:
    register = f"/v1/telecare-registers/{OTHER}"
    if only in (None, "csv"):
        yield Upload("CSV", CSV, "POST", f"{register}/uploads", csv_file())
    if only in (None, "xlsx"):
        yield Upload("XLSX", XLSX, "POST", f"{register}/uploads", workbook())
    if only in (None, "json"):
        yield Upload("JSON", "application/json", "PUT", f"{register}/entries", json_body())


class Memory:
    # The memory is in MiB, and child processes count.
    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.peak = 0.0
        self._end = Event()

    def now(self) -> float:
        return sum(_resident(pid) for pid in (self._pid, *_children(self._pid)))

    @contextmanager
    def watched(self) -> Iterator[None]:
        self.peak = self.now()
        self._end.clear()
        watcher = Thread(target=self._watch)
        watcher.start()
        try:
            yield
        finally:
            self._end.set()
            watcher.join()

    def _watch(self) -> None:
        while not self._end.wait(0.1):
            self.peak = max(self.peak, self.now())


def _resident(pid: int) -> float:
    # The proportional size, so that shared memory counts only once.
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    except OSError:
        return 0.0
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) / 1024


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(child) for child in task.read_text("ascii").split()]
    return found


def measure(only: str | None) -> None:
    keyring, mailbox = new_keyring(), Mailbox()
    mailbox.start()
    with tempfile.TemporaryDirectory() as at:
        folder, port = Path(at), free_port()
        write_keyring(folder / "keys.json", keyring)
        environment = {"PULLCORD_DATA_DIR": str(folder / "serve"), "PULLCORD_KEYS_FILE": str(folder / "keys.json")}
        with Processes(folder / "serve", environment) as processes:
            engine = make_engine(f"sqlite:///{folder / 'serve' / 'pullcord.db'}")
            keys = furnish(engine, keyring, mailbox.port)
            store = make_store(engine, keyring)
            other = create_key(store, Role.COUNCIL, add_feed(store, "council", OTHER, "Cardiff"), "benchmark")
            role = processes.start("serve", ["serve", "--port", str(port)])
            processes.ready()
            url = f"http://127.0.0.1:{port}"
            entries = [{"entry_id": f"e{n}", "cli": f"0117 496 0{n:03}"} for n in range(1_000)]
            path = f"{url}/v1/telecare-registers/{COUNCIL}/entries"
            httpx.put(path, json=entries, headers=_bearer(keys.council), timeout=60).raise_for_status()
            memory, sent = Memory(role.process.pid), iter(range(1_000))
            alerts = Alerts(url, keys.providers[0], sent)
            _report(alerts.during(_wait)[0], "idle", mailbox, engine, memory.now(), 0, "")
            for upload in uploads(only):
                idle = memory.now()
                with memory.watched():
                    answered, said = alerts.during(partial(_send, url, upload, other))
                _report(answered, upload.name, mailbox, engine, idle, memory.peak - idle, said)
            engine.dispose()
    mailbox.stop()


class Alerts:
    """Posts a notice of one telephone line each second, while other work runs."""

    def __init__(self, url: str, key: str, numbers: Iterator[int]) -> None:
        self._url, self._key, self._numbers = url, key, numbers

    def during(self, work: Callable[[], str]) -> tuple[dict[str, float], str]:
        answered: dict[str, float] = {}
        with ThreadPoolExecutor(40) as pool:
            done = pool.submit(work)
            while not done.done():
                began = perf_counter()
                pool.submit(self._post, next(self._numbers), answered)
                Event().wait(max(0.0, EACH_SECONDS - (perf_counter() - began)))
        return answered, done.result()

    def _post(self, number: int, answered: dict[str, float]) -> None:
        day = datetime.now(UTC).date() + timedelta(days=10)
        notice = {"id": f"n{number}", "cli": f"0117 496 0{number:03}", "planned_migration_date": str(day)}
        sent = time()
        answer = httpx.post(f"{self._url}/v1/migration-notices", json=notice, headers=_bearer(self._key), timeout=120)
        answer.raise_for_status()
        # The time starts with the sending, so the wait of a post for the upload counts as well.
        answered[answer.json()["submission"]] = sent


def _wait() -> str:
    Event().wait(5)
    return ""


def _send(url: str, upload: Upload, key: str) -> str:
    began = perf_counter()
    headers = {**_bearer(key), "Content-Type": upload.media}
    answer = httpx.request(upload.method, url + upload.path, content=upload.body, headers=headers, timeout=600)
    body = answer.json()
    said = body.get("counts", {}).get("accepted", body.get("detail", ""))
    return f"{len(upload.body) / 1e6:.0f} MB, {answer.status_code} in {perf_counter() - began:.0f} s, accepted: {said}"


def _report(
    answered: dict[str, float], name: str, mailbox: Mailbox, engine: Engine, idle: float, above: float, said: str
) -> None:
    found = lambda: journeys(engine, answered, mailbox.first)  # noqa: E731
    until(lambda: len(found()) == len(answered), MAIL_SECONDS, "a mail for every line", 0.5)  # type: ignore[no-untyped-call]
    seconds = sorted(one.seconds for one in found())  # type: ignore[no-untyped-call]
    mails = f"{len(seconds)} alerts, median {seconds[len(seconds) // 2]:.1f} s, longest {seconds[-1]:.1f} s"
    print(f"{name:<6}idle {idle:4.0f} MiB, peak {above:+5.0f} MiB; {mails}; {said}", flush=True)


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["csv", "xlsx", "json"])
    measure(parser.parse_args().only)


if __name__ == "__main__":
    main()
