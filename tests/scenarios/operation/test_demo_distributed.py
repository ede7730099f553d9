from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from services.core.clock import SystemClock, london_day
from services.runtime.demo.demo_deployment import start_demo
from services.runtime.demo.samples import SAMPLES
from services.runtime.demo.store import count_cases, matches_by_level
from services.runtime.demo.waiting import until_handled
from tests.support.checks.source import ROOT

# Seconds. On an idle machine the story takes one minute.
LONGEST = 500
pytestmark = [pytest.mark.network, pytest.mark.enable_socket, pytest.mark.timeout(LONGEST + 60)]


@dataclass(frozen=True)
class Said:
    code: int
    text: str

    @property
    def words(self) -> str:
        # The width of the terminal does not matter.
        return " ".join(self.text.split())


def demonstrate(folder: Path, *options: str) -> subprocess.Popen[str]:
    # All temporary files are in `folder`.
    environment = {**os.environ, "TMPDIR": str(folder), "COLUMNS": "100", "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "scripts.demo_distributed", *options],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def ended(process: subprocess.Popen[str]) -> Said:
    try:
        text, _ = process.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired:
        # If the process is told to stop, it stops its servers. If it was killed, they would go on.
        process.terminate()
        text, _ = process.communicate(timeout=60)
        pytest.fail(f"it did not end by itself: {text[-2000:]}")
    return Said(process.returncode, text)


def left_behind(folder: Path) -> list[str]:
    found = [path.name for path in folder.glob("pullcord-*")]
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if str(folder) in " ".join((*process.cmdline(), process.environ().get("TMPDIR", ""))):
                found.append(process.name())
    return found


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="pullcord-test-", ignore_cleanup_errors=True) as made:
        yield Path(made)


@pytest.fixture(scope="module")
def told(folder: Path) -> Said:
    return ended(demonstrate(folder, "--once"))


@pytest.fixture
def one_process_finds(tmp_path: Path) -> Mapping[str, int]:
    today = london_day(SystemClock().now())
    with start_demo(tmp_path, "127.0.0.1", 0, today) as demo:
        for sample in SAMPLES:
            demo.upload(sample)
        until_handled(demo)
        with demo.store.reading() as connection:
            return {**matches_by_level(connection), "cases": count_cases(connection)}


def test_it_ends_well_when_the_story_is_told(told: Said) -> None:
    assert told.code == 0, told.text


def test_it_leaves_no_process_and_no_file_behind(told: Said, folder: Path) -> None:
    assert left_behind(folder) == []


def test_every_role_is_a_process_of_its_own(told: Said) -> None:
    started = told.text[: told.text.index("Files come in")]
    roles = re.findall(r"^(ingest|relay|matcher 1|matcher 2|alerts) +(\d+) +(\d+) ", started, re.MULTILINE)
    assert [title for title, _, _ in roles] == ["ingest", "relay", "matcher 1", "matcher 2", "alerts"]
    assert len({pid for _, pid, _ in roles}) == len({port for _, _, port in roles}) == 5


def test_every_file_is_taken_in_over_http(told: Said) -> None:
    taken = dict(re.findall(r"^((?:register|notices)-\S+) .*?([\d,]+) +\d+ +\d+ +[\d.]+ *$", told.text, re.MULTILINE))
    later = "Harbour Telecom's file goes in: 1,898 more notices are on disk."
    assert {sample.file_name for sample in SAMPLES} - taken.keys() == {"notices-harbour.csv"}
    assert taken["notices-raven.json"] == "2,996"
    assert later in told.words


def test_after_a_matcher_was_killed_all_is_found_that_one_process_finds(
    told: Said, one_process_finds: Mapping[str, int]
) -> None:
    # One of the two workers is killed.
    killed = told.text[told.text.index("A worker is killed") :]
    levels = re.findall(r"^(confirmed|probable|possible) +(\d+) ", killed, re.MULTILINE)
    cases = one_process_finds["cases"]
    found = sum(int(count) for _, count in levels)
    assert re.search(r"kill -9 \d+, which was matcher 1", " ".join(killed.split()))
    assert {level: int(count) for level, count in levels} | {"cases": cases} == one_process_finds
    assert f"Matches and cases found {found} and {cases}" in told.words
    assert f"The same, worked out afresh {found} and {cases}" in told.words


def test_no_event_is_put_in_quarantine_and_no_message_sent_twice(told: Said) -> None:
    assert re.search(r"\d+, each handled once; in quarantine as unreadable: 0 ", told.words)
    assert re.search(r"of \d+ in all, 0 twice", told.words)


def test_in_a_week_without_an_answer_everybody_is_told_every_day(told: Said) -> None:
    silence = told.text[told.text.index("Nobody answers") : told.text.index("An officer answers")]
    messages = dict(re.findall(r"^(\S+@\S+) +(\d+)", silence, re.MULTILINE))
    towns = ("blackpool", "cardiff")
    assert messages.keys() == {f"{desk}@{town}.example" for desk in ("director", "duty", "manager") for town in towns}
    assert all(int(count) >= 7 for count in messages.values())
    assert all(int(messages[f"duty@{town}.example"]) >= int(messages[f"director@{town}.example"]) for town in towns)


def test_opening_a_link_changes_nothing_and_a_name_acknowledges(told: Said) -> None:
    assert "shows a page and changes nothing: 0 cases acknowledged." in told.words
    assert re.search(r"pressing the button acknowledges: [1-9]\d* cases, by Asha Patel\.", told.words)


def test_stopped_with_ctrl_c_while_it_starts_it_leaves_nothing_behind() -> None:
    with tempfile.TemporaryDirectory(prefix="pullcord-test-", ignore_cleanup_errors=True) as made:
        process = demonstrate(Path(made))
        assert process.stdout is not None
        before = next(line for line in process.stdout if line.startswith("PostgreSQL"))
        process.send_signal(signal.SIGINT)
        after = ended(process)
        assert "up in" in before
        assert after.code == 0
        assert after.text.strip().endswith("Stopped.")
        assert left_behind(Path(made)) == []
