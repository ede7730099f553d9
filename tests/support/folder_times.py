from __future__ import annotations

import json
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

BUDGETS = Path("tests", "budgets.toml")
HEADINGS = ("folder", "tests", "seconds", "budget")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--folder-times",
        metavar="FILE",
        help="add to the times that an earlier part of the run left in FILE, and leave the sum there",
    )


def pytest_configure(config: pytest.Config) -> None:
    # A worker of pytest-xdist sends its reports to the controller. Only the controller counts them.
    if not hasattr(config, "workerinput"):
        kept = config.getoption("--folder-times")
        config.pluginmanager.register(
            FolderTimes(_budgets(config.rootpath / BUDGETS), config.rootpath / kept if kept else None)
        )


class FolderTimes:
    def __init__(self, budgets: dict[str, int], kept: Path | None) -> None:
        self.budgets = budgets
        self.kept = kept
        self.tests: dict[str, int] = defaultdict(int)
        self.seconds: dict[str, float] = defaultdict(float)
        if kept and kept.exists():
            for folder, (tests, seconds) in json.loads(kept.read_text()).items():
                self.tests[folder], self.seconds[folder] = tests, seconds

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        folder = folder_of(report.nodeid)
        # Each test has exactly one setup, even if the test is skipped or the setup fails.
        self.tests[folder] += report.when == "setup"
        self.seconds[folder] += report.duration

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self.tests:
            return
        if self.kept:
            self.kept.parent.mkdir(parents=True, exist_ok=True)
            self.kept.write_text(json.dumps({name: (self.tests[name], self.seconds[name]) for name in self.tests}))
        # Without this, pytest's line of dots would continue in the first line of the table.
        terminalreporter.ensure_newline()
        terminalreporter.section("time by folder")
        for line in self.lines():
            terminalreporter.write_line(line)

    def lines(self) -> Iterator[str]:
        yield _line(*HEADINGS)
        order = list(self.budgets)
        for name in sorted(self.tests, key=lambda one: (order.index(one) if one in order else len(order), one)):
            budget = self.budgets.get(name)
            over = budget is not None and self.seconds[name] > budget
            figures = (str(self.tests[name]), f"{self.seconds[name]:.0f}", "none" if budget is None else str(budget))
            yield _line(name, *figures) + ("  over budget" if over else "")
        yield _line("all", str(sum(self.tests.values())), f"{sum(self.seconds.values()):.0f}", "")


def folder_of(nodeid: str) -> str:
    parts = nodeid.partition("::")[0].split("/")
    below = parts[1:] if parts[0] == "tests" else parts
    return below[0] if len(below) > 1 else "."


def _line(folder: str, tests: str, seconds: str, budget: str) -> str:
    return f"{folder:<16}{tests:>8}{seconds:>10}{budget:>10}".rstrip()


def _budgets(path: Path) -> dict[str, int]:
    if not path.exists():
        return {}
    return {name: one["seconds"] for name, one in tomllib.loads(path.read_text())["folders"].items()}
