"""How the code reads: short modules, absolute imports, pure rules, nothing left for later."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.checks.source import ROOT, calls, documents, imports, modules, name_of

LONGEST = 300
FROZEN = ROOT / "services" / "storage" / "migrations" / "versions"
"""Migrations are a record of what was done: they are never cut up or tidied."""

PURE_NAMES = ("rules.py", "step.py", "danger.py", "policy*.py", "machine*.py")
PURE = sorted(
    {path for name in PURE_NAMES for path in (ROOT / "services").rglob(name) if "commands" not in path.parts}
    | {path for path in modules("services/core") if path.name != "clock.py"}
    | {ROOT / "services" / "matcher" / "addresses.py"}
)
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
    assert [name_of(path) for path in modules() if FROZEN not in path.parents and too_long(path)] == []


def test_every_import_is_absolute() -> None:
    relative = [name_of(path) for path in modules() for name in imports(path) if name.startswith(".")]
    assert relative == []


@pytest.mark.parametrize("path", PURE, ids=name_of)
def test_a_pure_module_reads_no_clock_no_chance_and_no_environment(path: Path) -> None:
    assert [name for name, _ in calls(path) if IMPURE_CALLS.fullmatch(name)] == []
    assert IMPURE_MODULES.isdisjoint(name.partition(".")[0] for name in imports(path))


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
