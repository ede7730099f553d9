from __future__ import annotations

import ast
import json
import os
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.kills.commits import HAND_OVER, OF_THE_TEST, Kill
from tests.scenarios.kills.playing import play_all, play_step
from tests.scenarios.kills.points import ELSEWHERE, LOOKED_AT, POINTS
from tests.scenarios.kills.story import NAMES

SERVICES = Path("services")

# A place is killed in the first step that comes by it. With PULLCORD_TEST_KILLS=all, in every step.
STEPS_OF_A_PLACE = 99 if os.environ.get("PULLCORD_TEST_KILLS") == "all" else 1


@dataclass
class Played:
    folder: Path
    context: ForkServerContext
    _facts: dict[tuple[str, bool], dict[str, Any]] = field(default_factory=dict)

    def run(self, work: Callable[..., None], *arguments: object, **named: object) -> int | None:
        process = self.context.Process(target=work, args=arguments, kwargs=named)
        process.start()
        process.join(60)
        if process.is_alive():
            process.kill()
        return process.exitcode

    @cached_property
    def commits(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = json.loads((self.folder / "seen.json").read_text())
        return {step: [place for place in places if place != OF_THE_TEST] for step, places in found.items()}

    def chosen(self) -> Iterator[Kill]:
        times: Counter[str] = Counter()
        for step, places in self.commits.items():
            for place in places:
                times[place] += 1
                if times[place] <= STEPS_OF_A_PLACE:
                    yield from (Kill(step, place, after) for after in (False, True))

    def after(self, kill: Kill, folder: Path) -> dict[str, Any]:
        shutil.copytree(self.folder / kill.step, folder)
        assert self.run(play_step, folder, kill.step, kill, None, again=False) == -signal.SIGKILL, kill
        assert self.run(play_step, folder, kill.step, None, folder / "facts", again=True) == 0, kill
        facts: dict[str, Any] = json.loads((folder / "facts").read_text())
        shutil.rmtree(folder)
        return facts

    def undisturbed(self, step: str, folder: Path, *, late: bool) -> dict[str, Any]:
        if (step, late) not in self._facts:
            shutil.copytree(self.folder / step, folder)
            assert self.run(play_step, folder, step, None, folder / "facts", again=late) == 0
            self._facts[step, late] = json.loads((folder / "facts").read_text())
            shutil.rmtree(folder)
        return self._facts[step, late]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    # Each child process is forked from one that has imported everything.
    context = get_context("forkserver")
    context.set_forkserver_preload(["tests.scenarios.kills.playing"])
    folder, data = tmp_path_factory.mktemp("story"), tmp_path_factory.mktemp("data")
    made = Played(folder, context)
    assert made.run(play_all, data, folder) == 0
    return made


def test_every_commit_of_the_story_has_a_name_and_every_name_a_commit(played: Played) -> None:
    found = {place for places in played.commits.values() for place in places}
    assert found == set(POINTS)
    assert len(found - {HAND_OVER}) >= 25


def test_every_function_that_commits_is_a_point_or_is_left_out_for_a_reason() -> None:
    found = {place for folder in LOOKED_AT for path in (SERVICES / folder).rglob("*.py") for place in _writers(path)}
    assert found - set(ELSEWHERE) <= set(POINTS)
    assert set(ELSEWHERE) <= found


def test_killed_at_any_commit_it_forgets_nobody_loses_nothing_and_repeats_only_what_was_in_doubt(
    played: Played, tmp_path: Path
) -> None:
    wrong = {}
    for number, kill in enumerate(played.chosen()):
        usual, late = (played.undisturbed(kill.step, tmp_path / "usual", late=late) for late in (False, True))
        if faults := list(_faults(played.after(kill, tmp_path / str(number)), usual, late)):
            wrong[kill] = faults
    assert not wrong, "\n".join(f"{kill}: {faults}" for kill, faults in wrong.items())


def test_a_message_that_was_handed_over_before_the_kill_is_repeated_once_and_marked_as_in_doubt(
    played: Played, tmp_path: Path
) -> None:
    found = played.after(Kill("the_alert_goes_out", HAND_OVER, after=True), tmp_path / "after")
    # Handed over twice, after one attempt in doubt.
    assert list(found["repeated"].values()) == [[2, 1]]
    found = played.after(Kill("the_alert_goes_out", HAND_OVER, after=False), tmp_path / "before")
    assert found["repeated"] == {}
    assert set(NAMES) == set(played.commits)


def _faults(found: dict[str, Any], usual: dict[str, Any], late: dict[str, Any]) -> Iterator[str]:
    for what in ("wrong", "forgotten", "stuck"):
        if found[what]:
            yield f"{what}: {found[what]}"
    for what in ("matches", "states"):
        if found[what] != usual[what]:
            yield f"{what}: {found[what]}, not {usual[what]}"
    # A request that had no answer came again. Without a key of its sender it has a receipt of its own.
    if found["receipts"] < usual["receipts"]:
        yield f"receipts: {found['receipts']}, not {usual['receipts']}"
    if missing := set(usual["told"]) & set(late["told"]) - set(found["told"]):
        yield f"not told: {missing}"
    # A reminder that falls due within these minutes is no repeat.
    if more := Counter(found["told"]) - (Counter(usual["told"]) | Counter(late["told"])):
        yield f"told again by another message: {dict(more)}"
    for reference, (times, doubted) in found["repeated"].items():
        if times > 1 + min(doubted, 1):
            yield f"{reference} was handed over {times} times with {doubted} attempts in doubt"


def _writers(path: Path) -> Iterator[str]:
    for function in ast.walk(ast.parse(path.read_text())):
        if isinstance(function, ast.FunctionDef) and any(map(_opens, ast.walk(function))):
            yield f"{path.relative_to(SERVICES).with_suffix('')}.{function.name}"


def _opens(node: ast.AST) -> bool:
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Attribute) and called.attr in ("writing", "processing")
