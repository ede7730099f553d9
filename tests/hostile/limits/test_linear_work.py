from __future__ import annotations

import ast
import importlib
import io
import json
import pkgutil
import random
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

import services.core
import services.ingest
import services.web
from services.core.addresses.address import parse_address
from services.core.addresses.ending_postcode import ending_postcode
from services.core.addresses.postcode import read_area, read_postcode
from services.core.addresses.uprn import read_uprn
from services.core.errors import PullcordError
from services.core.telephone.telephone import read_numbers
from services.ingest.files.cleaning import clean_text
from services.ingest.files.dates import contradicts_weekday, read_date, read_moment
from services.ingest.files.table import FileLimits
from services.ingest.reading.columns import map_columns
from services.ingest.reading.drafts import RawRow, RecordKind
from services.ingest.reading.headings import meaning_of
from services.ingest.reading.rows.references import alike_form, alike_references, clean_reference
from services.ingest.reading.rules import read_entry, read_notice
from services.ingest.reading.sheets import read_sheet
from services.web.bodies import JSON, NDJSON, read_json_rows
from tests.support.checks.regex_steps import signs_of, steps_of_match
from tests.support.checks.work_steps import steps_of
from tests.unit.ingest.workbooks import workbook

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
# Twice the input may take 2.5 times the steps, because of rounding, after a fixed number of steps at the start.
MOST_GROWTH, BEGINNING = 2.5, 2_000
SLOW_UNITS = [
    *"(0aA -/.,'#=\u00a0\u200b&;_",
    "((",
    "1/",
    "a1",
    "Flat 1 ",
    "12-",
    "0 ",
    "&amp;",
    "_x000D_",
    "1 Jan ",
    "FY3 8AB ",
]


def linear(small: int, large: int) -> bool:
    return large <= MOST_GROWTH * small + BEGINNING


def steps_of_reading(work: Callable[[], object]) -> int:
    # A refusal is not an error.
    def reading() -> None:
        with suppress(PullcordError):
            work()

    return steps_of(reading)


def sheet(data: bytes) -> None:
    for _ in read_sheet(data, RecordKind.ENTRY, FileLimits()).rows:
        pass


def csv_cell(text: str) -> None:
    sheet(f'entry_id,cli,postcode,address 1,Last test\na,"{text}","{text}","{text}","{text}"\n'.encode())


def csv_heading(text: str) -> None:
    sheet(f"entry_id,cli,{text}\na,b,c\n".encode())


def xlsx_cell(text: str) -> None:
    sheet(workbook(["a", text, text], headings=["Case ID", "Tel No", "Last test"]))


def json_row(text: str) -> None:
    fields = dict.fromkeys(["entry_id", "cli", "postcode", "uprn", "updated_at", text[:50]], text)
    (row,) = read_json_rows(json.dumps({**fields, "address_lines": [text] * 8}).encode(), JSON, "entries", 10)
    read_entry(RawRow(1, row[1]), NOW)


def ndjson_lines(text: str) -> None:
    read_json_rows(json.dumps({"id": text}).encode() + b"\n" + text.encode(), NDJSON, "notices", 10)


def notice_row(text: str) -> None:
    read_notice(RawRow(1, {"id": text[:120], "cli": text[:80], "area_codes": [text[:30]] * 9}), "RAVN", NOW)


READERS: list[Callable[[str], object]] = [
    csv_cell,
    csv_heading,
    xlsx_cell,
    json_row,
    ndjson_lines,
    notice_row,
    clean_text,
    read_date,
    read_moment,
    contradicts_weekday,
    read_numbers,
    read_uprn,
    read_postcode,
    read_area,
    clean_reference,
    alike_form,
    alike_references,
]


def heading_claim(text: str) -> object:
    return meaning_of(text, RecordKind.ENTRY)


def headings(text: str) -> object:
    return map_columns([text] * 20, RecordKind.NOTICE)


def address(text: str) -> object:
    return parse_address([text, text], text)


def postcode_at_the_end(text: str) -> object:
    return ending_postcode([text])


@pytest.mark.parametrize(
    "read", [*READERS, heading_claim, headings, address, postcode_at_the_end], ids=lambda read: read.__name__
)
def test_a_reader_takes_twice_the_steps_for_twice_the_text(read: Callable[[str], object]) -> None:
    read("a")  # loads what is loaded once
    for unit in SLOW_UNITS:
        size = 300 // len(unit)
        small, large = (steps_of_reading(lambda text=unit * times: read(text)) for times in (size, 2 * size))  # type: ignore[misc]
        assert linear(small, large), (unit, small, large)


@pytest.mark.parametrize("seed", range(5))
def test_no_mix_of_signs_takes_more(seed: int) -> None:
    source = random.Random(seed)
    unit = "".join(source.choices(SLOW_UNITS, k=6))
    for read in (*READERS, heading_claim, address):
        small, large = (steps_of_reading(lambda text=unit * times, read=read: read(text)) for times in (12, 24))  # type: ignore[misc]
        assert linear(small, large), (read, unit, small, large)


def many_rows(count: int) -> bytes:
    return b"entry_id,cli,postcode,Last test\n" + b"".join(b"a%d,1,2,3/4/2026\n" % n for n in range(count))


def many_cells(count: int) -> bytes:
    rows = b"".join(b'<row r="%d"><c r="XFD%d"><v>1</v></c></row>' % (n, n) for n in range(3, count + 3))
    book, out = io.BytesIO(workbook(["C1"])), io.BytesIO()
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"</sheetData>", rows + b"</sheetData>"))
    return out.getvalue()


FILES: list[Callable[[int], bytes]] = [
    many_rows,
    many_cells,
    lambda n: b"entry_id,cli,postcode\n" + b"\n" * n,
    lambda n: b"entry_id,cli,postcode\n" + b'"a"x\n' * n,
    lambda n: b"entry_id,cli,postcode\n" + b"a,b,c\n" * n,
    lambda n: b"entry_id,cli,postcode" + b",h" * (n // 4) + b"\na,b,c\n",
    lambda n: b"entry_id,cli,postcode\n" + b"," * n + b"\n",
    lambda n: b"entry_id,cli,postcode\n" + b'"\n' * n,
]


@pytest.mark.parametrize("made", FILES)
def test_a_file_takes_twice_the_steps_for_twice_the_rows(made: Callable[[int], bytes]) -> None:
    sheet(made(10))
    small, large = (steps_of_reading(partial(sheet, made(size))) for size in (300, 600))
    assert linear(small, large)


class Used(NamedTuple):
    name: str
    pattern: re.Pattern[str]
    # True if the pattern may match a part of a text, and False if it must match the whole.
    everywhere: bool


SEARCHES = ("search", "sub", "subn", "split", "findall", "finditer")
MATCHES = ("match", "fullmatch")


def patterns_used() -> Iterator[Used]:
    for package in (services.core, services.ingest, services.web):
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield from _of_module(importlib.import_module(info.name))


def _of_module(module: ModuleType) -> Iterator[Used]:
    text = Path(str(module.__file__)).read_text("utf-8")
    for name, value in vars(module).items():
        for number, pattern in enumerate(_within(value)):
            called = set(re.findall(rf"\b{name}\.(\w+)\(", text))
            ways = [way for way, names in ((True, SEARCHES), (False, MATCHES)) if called & set(names)]
            # A pattern in a table is used under another name, so both ways are tested.
            for everywhere in ways or ([True, False] if not isinstance(value, re.Pattern) else []):
                yield Used(f"{module.__name__}.{name}.{number}.{everywhere}", pattern, everywhere)
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="re"), attr=way), args=[ast.Constant(value=str(written)), *_]
            ) if way in (*SEARCHES, *MATCHES):
                yield Used(f"{module.__name__}:{node.lineno}", re.compile(written), way in SEARCHES)


def _within(value: object, depth: int = 0) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        if isinstance(value.pattern, str):
            yield value
    elif depth < 3 and isinstance(value, tuple | list):
        for item in value:
            yield from _within(item, depth + 1)
    elif depth < 3 and isinstance(value, dict):
        for item in value.values():
            yield from _within(item, depth + 1)


PATTERNS = list({(one.pattern, one.everywhere): one for one in patterns_used()}.values())


def test_the_patterns_on_input_are_found() -> None:
    assert len(PATTERNS) > 90


@pytest.mark.parametrize("used", PATTERNS, ids=lambda used: used.name)
def test_a_pattern_takes_twice_the_steps_for_twice_the_text(used: Used) -> None:
    source, signs = random.Random(1), signs_of(used.pattern)
    mixed = ["".join(source.choices(signs, k=length)) for length in (2, 2, 2, 3, 3, 4, 5) for _ in range(3)]
    for unit in [*signs[:20], *mixed]:
        size = 80 // len(unit)
        small, large = (
            steps_of_match(used.pattern, unit * times + "\x01", everywhere=used.everywhere)
            for times in (size, 2 * size)
        )
        assert large <= MOST_GROWTH * small + 400, (unit, small, large)


SLOW = [
    (r"\([^)]*\)", "(", True),
    (r"(a+)+b", "a", False),
    (r"\s+$", " ", True),
    (r"(?:a|aa)+b", "a", False),
    (r".*x.*y", "x", False),
]


@pytest.mark.parametrize(("pattern", "sign", "everywhere"), SLOW)
def test_a_pattern_that_is_slow_is_found_out(pattern: str, sign: str, everywhere: bool) -> None:
    small, large = (steps_of_match(re.compile(pattern), sign * n + "\x01", everywhere=everywhere) for n in (12, 24))
    assert large > MOST_GROWTH * small
