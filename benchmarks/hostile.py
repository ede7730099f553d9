"""Measures the time to read small inputs that cause much work."""
# Twice the size should take about twice the time.

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from time import perf_counter

import openpyxl

from services.core.errors import PullcordError
from services.ingest.files.table import FileLimits
from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.sheets import read_sheet
from services.web.bodies import NDJSON, read_json_rows


def packed(rows: bytes) -> bytes:
    # Without random characters, the workbook would be compressed so much that Pullcord refuses it.
    book = openpyxl.Workbook()
    book.worksheets[0].append(["entry_id", "cli", "postcode"])
    plain, out = io.BytesIO(), io.BytesIO()
    book.save(plain)
    noise = b"<!--" + random.Random(1).randbytes(60_000).hex().encode() + b"-->"
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content.replace(b"</sheetData>", rows + b"</sheetData>") + noise)
    return out.getvalue()


def main() -> None:
    head = b"entry_id,cli,postcode,Last test\n"
    made: dict[str, Callable[[int], bytes]] = {
        "brackets in a heading": lambda n: head.strip() + b"," + b"(" * n + b"\na,1,b,c\n",
        "headings": lambda n: head.strip() + b",x" * n + b"\na,1,b,c\n",
        "blank lines": lambda n: head + b"\n" * n,
        "quotation marks": lambda n: head + b'"a"x\n' * (n // 20),
        "dates": lambda n: head + b"a,1,b," + b"1/1/" * (n // 100) + b"\n",
        "cells in the last column": lambda n: packed(
            b"".join(b'<row r="%d"><c r="XFD%d"><v>1</v></c></row>' % (at, at) for at in range(3, 3 + n // 50))
        ),
        "lines of NDJSON": lambda n: b"1\n" * n,
    }
    for name, make in made.items():
        seconds = [_timed(name, make(size)) for size in (200_000, 400_000)]
        print(f"{name:<28}{seconds[0]:>9.3f} s{seconds[1]:>9.3f} s")


def _timed(name: str, data: bytes) -> float:
    began = perf_counter()
    try:
        if name.endswith("NDJSON"):
            read_json_rows(data, NDJSON, "entries", 10_000)
        else:
            for _ in read_sheet(data, RecordKind.ENTRY, FileLimits()).rows:
                pass
    except PullcordError:
        pass
    return perf_counter() - began


if __name__ == "__main__":
    main()
