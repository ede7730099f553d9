from __future__ import annotations

import ast
import re
from collections import Counter
from configparser import ConfigParser
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.support.checks.source import ROOT, calls, documents, imports, modules, name_of

LONGEST = 300
A_DOZEN = 12

CALLS_ITSELF_PURE = re.compile(r"\bPure[.:;]|\bAll\s+functions\s+are\s+pure\b")
PURE = sorted(
    {
        path
        for path in modules("services")
        if CALLS_ITSELF_PURE.search(ast.get_docstring(ast.parse(path.read_text())) or "")
    }
    | {path for path in modules("services/core") if path.name != "clock.py"}
    | {path for room in ("states", "review") for path in modules(f"services/alerts/{room}")}
)
# Pure, except for types of the workbook library, which the contract on pure files forbids.
READS_WORKBOOKS = {"services/ingest/files/xlsx/xlsx_cell.py", "services/runtime/demo/samples.py"}
IMPURE_CALLS = re.compile(
    r"(.*\.)?(now|today|utcnow|time_ns|perf_counter|monotonic|urandom|uuid\d|getenv|open|print|sleep)"
)
IMPURE_MODULES = frozenset(
    ["os", "random", "secrets", "uuid", "time", "socket", "subprocess", "threading", "sqlite3", "logging"]
)
LEFT_FOR_LATER = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")


def too_long(path: Path) -> bool:
    return len(path.read_text().splitlines()) > LONGEST


def test_no_module_is_longer_than_300_lines() -> None:
    assert [name_of(path) for path in modules() if too_long(path)] == []


def test_no_folder_holds_more_than_a_dozen_modules() -> None:
    held = Counter(path.parent for path in modules() if path.name != "__init__.py")
    assert {name_of(folder): count for folder, count in held.items() if count > A_DOZEN} == {}


def test_every_import_is_absolute() -> None:
    relative = [name_of(path) for path in modules() for name in imports(path) if name.startswith(".")]
    assert relative == []


@pytest.mark.parametrize("path", PURE, ids=name_of)
def test_a_pure_module_reads_no_clock_no_chance_and_no_environment(path: Path) -> None:
    assert [name for name, _ in calls(path) if IMPURE_CALLS.fullmatch(name)] == []
    assert IMPURE_MODULES.isdisjoint(name.partition(".")[0] for name in imports(path))


def test_every_pure_module_is_under_the_contract_on_pure_files() -> None:
    config = ConfigParser()
    config.read(ROOT / ".importlinter")
    listed = config["importlinter:contract:pure"]["source_modules"].split()
    under = {
        name
        for name in map(name_of, PURE)
        for one in listed
        if fnmatch(dotted(name), one + ("" if "*" in one else "*"))
    }
    assert {name_of(path) for path in PURE} - under == READS_WORKBOOKS


def dotted(name: str) -> str:
    return name.removesuffix(".py").replace("/", ".")


def test_pure_modules_are_found_where_they_are() -> None:
    names = {name_of(path) for path in PURE}
    assert {
        "services/ingest/reading/rules.py",
        "services/alerts/states/machine_table.py",
        "services/core/telephone/telephone.py",
    } <= names


def test_nothing_is_left_for_later() -> None:
    files = [*modules(), *documents(), ROOT / "Makefile", ROOT / "pyproject.toml"]
    assert [name_of(path) for path in files if LEFT_FOR_LATER.search(path.read_text())] == []


def test_every_package_has_its_init_file() -> None:
    folders = {path.parent for path in modules("schemas", "services")}
    assert [name_of(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []
