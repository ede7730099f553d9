from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from tests.support.checks.source import ROOT
from tests.support.folder_times import FolderTimes

pytest_plugins = ["pytester"]

Phase = Literal["setup", "call", "teardown"]

BUDGETS = """
[folders]
quick = {seconds = 3600}
slow = {seconds = 0}
"""
SLOW = """
def test_one(): ...

def test_two(): ...
"""
# Lets the report say that the first test of the folder took 0.6 seconds. No test waits.
LASTING = """
import pytest

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if item.name == "test_one" and call.when == "call":
        report.duration = 0.6
    return report
"""
QUICK = """
import pytest

def test_one(): ...

@pytest.mark.skip
def test_two(): ...
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    # `quick` is within its budget, `slow` is over its budget, and `other` has none.
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    # Loading every plugin that is installed takes longer than the tests below.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makeini(
        "[pytest]\naddopts = -p xdist -p tests.support.folder_times -p no:cacheprovider --import-mode=importlib"
    )
    texts = {"budgets.toml": BUDGETS, "quick/test_it.py": QUICK, "slow/test_it.py": SLOW, "slow/conftest.py": LASTING}
    texts |= {"other/test_it.py": QUICK}
    for name, text in texts.items():
        path = pytester.path / "tests" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return pytester


@pytest.mark.parametrize("side_by_side", [[], ["-n", "2"]], ids=["alone", "with-xdist"])
def test_a_folder_over_its_budget_is_printed_as_such_and_fails_nothing(
    project: pytest.Pytester, side_by_side: list[str]
) -> None:
    result = project.runpytest_subprocess("tests", *side_by_side)
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "*= time by folder =*",
            "folder *tests *seconds *budget",
            "quick * 2 * 3600",
            "slow * 2 * 0  over budget",
            "other * 2 * none",
            "all * 6 *",
        ],
        consecutive=True,
    )


def test_the_second_part_of_a_run_adds_to_the_first(project: pytest.Pytester) -> None:
    kept = "--folder-times=times/kept.json"
    project.runpytest_subprocess("tests/quick", kept)
    result = project.runpytest_subprocess("tests/slow", kept)
    result.stdout.fnmatch_lines(["quick * 2 * 3600", "slow * 2 *", "all * 4 *"], consecutive=True)


def test_a_run_that_fails_has_its_table_too(project: pytest.Pytester) -> None:
    Path(project.path, "tests", "quick", "test_it.py").write_text("def test_one(): assert False")
    result = project.runpytest_subprocess("tests/quick")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["quick * 1 * 3600"])


def test_where_nothing_ran_there_is_no_table(project: pytest.Pytester) -> None:
    assert "time by folder" not in project.runpytest_subprocess("tests", "--collect-only").stdout.str()


def test_setup_call_and_teardown_are_counted_and_a_test_once() -> None:
    times = FolderTimes({"unit": 10}, None)
    durations: dict[Phase, float] = {"setup": 4.0, "call": 5.0, "teardown": 3.0}
    for when, seconds in durations.items():
        times.pytest_runtest_logreport(report("tests/unit/core/test_one.py::test_one", when, seconds))
    assert [line.split() for line in times.lines()] == [
        ["folder", "tests", "seconds", "budget"],
        ["unit", "1", "12", "10", "over", "budget"],
        ["all", "1", "12"],
    ]


def report(nodeid: str, when: Phase, seconds: float) -> pytest.TestReport:
    return pytest.TestReport(nodeid, (nodeid, 0, ""), {}, "passed", None, when, duration=seconds)
