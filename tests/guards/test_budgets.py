from __future__ import annotations

import re
import tomllib
from typing import Any

from tests.support.checks.source import ROOT

TESTS = ROOT / "tests"
PLAN = tomllib.loads((TESTS / "budgets.toml").read_text())
FOLDERS: dict[str, dict[str, Any]] = PLAN["folders"]
MAKEFILE = (ROOT / "Makefile").read_text()
PAGE = (ROOT / "docs" / "testing.md").read_text()
ROW = re.compile(r"^\| `(\w+)` \|.*\| (\d+)(, two processes)? \|$", re.MULTILINE)
# Has its own target in the Makefile, because it needs Go.
APART = "cluster"


def listed(name: str) -> list[str]:
    (words,) = re.findall(rf"^{name} := (.+)$", MAKEFILE, re.MULTILINE)
    return str(words).split()


def test_every_folder_of_tests_has_a_budget_and_no_other() -> None:
    assert {path.relative_to(TESTS).parts[0] for path in TESTS.glob("*/**/test_*.py")} == set(FOLDERS)


def test_every_folder_is_run_once_in_the_order_of_the_budgets() -> None:
    lists = {"SIDE_BY_SIDE": "tests", "BY_FILE": "files", "ALONE": None}
    for name, kind in lists.items():
        assert listed(name) == [one for one in FOLDERS if one != APART and FOLDERS[one].get("side_by_side") == kind]
    assert list(FOLDERS) == [one for name in lists for one in listed(name)] + [APART]


def test_all_budgets_with_what_is_kept_free_are_less_than_the_whole() -> None:
    tests = sum(one["seconds"] / (2 if one.get("side_by_side") else 1) for one in FOLDERS.values())
    assert tests + sum(PLAN["steps"].values()) + sum(PLAN["reserve"].values()) < PLAN["minutes"] * 60


def test_the_page_shows_each_budget() -> None:
    rows = {name: (int(seconds), bool(twice)) for name, seconds, twice in ROW.findall(PAGE)}
    assert rows == {name: (one["seconds"], bool(one.get("side_by_side"))) for name, one in FOLDERS.items()}


def test_the_page_names_each_step_and_each_reserve() -> None:
    for name, seconds in (PLAN["steps"] | PLAN["reserve"]).items():
        assert f"{name.replace('_', ' ')} {seconds}" in PAGE, name
