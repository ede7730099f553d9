"""No code and no page may use a retired word. A retired word is a word that only this project used."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.checks.source import ROOT

# Retired names, each with the name that replaces it.
NAMES = {
    "ALARM": "URGENT",
    "AuditWord": "AuditAction",
    "CaseKeeper": "CaseConsumer",
    "Closer": "MonthEnd",
    "Danger": "Risk",
    "Door": "Api",
    "DoorLimits": "IngestLimits",
    "Dossier": "CaseContext",
    "Happening": "Transition",
    "House": "Deployment",
    "Labour": "BackgroundTask",
    "Pump": "EventDispatcher",
    "SetAside": "QuarantinedEvent",
    "Shelf": "RecordType",
    "Standing": "DeploymentStatus",
    "Station": "RelaySupervisor",
    "Taking": "SubmissionContext",
    "Telling": "BrokerRecord",
    "Told": "DueEscalation",
    "Waker": "OutboxListener",
    "Watch": "Watchdog",
    "Whereabouts": "Location",
    "count_as_told": "count_as_accepted",
    "give_back": "requeue",
    "hold_feed": "lock_feed",
    "lanes_to_tell": "lanes_with_backlog",
    "nine_tenths": "p90",
    "nobody_told": "record_unreachable",
    "take_in": "write_submission",
    "tell_missed_again": "republish_missed",
    "tell_operator": "alert_operator",
    "told_of": "alertable",
    "to_tell_of": "count_to_report",
    "untold": "unpublished",
}

COMMANDS = ROOT / "services" / "runtime" / "cli" / "commands"

# Retired words of texts.
WORDS = {"nought": "zero", "nine tenths": "90th percentile", "door": "ingest API", "pump": "event dispatcher"}

# Retired parts of names, each with the part that replaces it.
PARTS = {"door": "ingest", "doors": "ingest", "pump": "dispatcher", "pumps": "dispatchers"}

# Here "door" means a real door: a way to contact a resident, a part of an address, or what must not be sent.
IN_THE_FIELD = re.compile(
    r"next.door|[a-z]door\b|door_?sensor|door.?code|key-safe\s+and\s+door|answered the door|call\|door|[\"']door[\"']",
    re.IGNORECASE,
)

MODULES = sorted(
    path
    for folder in ("services", "schemas", "tests", "scripts", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
)
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])
DEPLOYED = sorted(
    path
    for suffix in ("yaml", "tpl", "txt", "md", "json", "py", "sh")
    for path in (ROOT / "deploy").rglob(f"*.{suffix}")
    if "secrets" not in path.parts
)
HISTORY = {"CHANGELOG.md"}


def names_in(path: Path) -> Iterator[str]:
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
    return (token.string for token in tokens if token.type == tokenize.NAME)


def test_no_retired_name_is_used() -> None:
    used = {(str(path.relative_to(ROOT)), name) for path in MODULES for name in names_in(path) if name in NAMES}
    assert {f"{path}: {name}, use {NAMES[name]}" for path, name in used} == set()


def parts_of(name: str) -> list[str]:
    return re.findall(r"[a-z]+|[A-Z]+(?![a-z])|[A-Z][a-z]+", name)


def test_no_name_has_a_retired_part() -> None:
    used = {
        f"{path.relative_to(ROOT)}: {name}, use {PARTS[part.lower()]}"
        for path in MODULES
        for name in names_in(path)
        for part in parts_of(name)
        if part.lower() in PARTS and not is_of_the_field(name)
    }
    assert used == set()


def is_of_the_field(name: str) -> bool:
    return name == "DOOR" or IN_THE_FIELD.search(name) is not None


def retired_words_in(text: str) -> list[str]:
    text = IN_THE_FIELD.sub("", text)
    return [word for word in WORDS if re.search(rf"(?<![a-z]){word}(s\b|[A-Z_-]|\b)", text, re.IGNORECASE)]


@pytest.mark.parametrize("page", [*PAGES, *DEPLOYED], ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_and_no_file_of_the_deployment_uses_a_retired_word(page: Path) -> None:
    if page.name not in HISTORY:
        assert retired_words_in(page.read_text()) == []


def texts_in(path: Path) -> Iterator[str]:
    # The texts are the help of metrics and commands, log events, output and docstrings.
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_no_text_of_a_service_uses_a_retired_word() -> None:
    used = {
        f"{path.relative_to(ROOT)}: {text[:60]!r}"
        for path in MODULES
        if "services" in path.parts
        for text in texts_in(path)
        if text != "door" and retired_words_in(text)
    }
    assert used == set()


def test_it_finds_a_retired_name(tmp_path: Path) -> None:
    (tmp_path / "old.py").write_text("class Dossier: ...\n")
    assert "Dossier" in set(names_in(tmp_path / "old.py"))
    assert parts_of("openTheDoor_from_PUMPS") == ["open", "The", "Door", "from", "PUMPS"]


@pytest.mark.parametrize("text", ["doorFrom: []", "Pods of the door.", "the_pump_loop", 'loop="pump"', "Pumps"])
def test_it_finds_a_retired_word(text: str) -> None:
    assert len(retired_words_in(text)) == 1


@pytest.mark.parametrize("text", ["the flat next door", "letter|email|sms|call|door", "doorcode", "indoor"])
def test_a_resident_has_one(text: str) -> None:
    assert retired_words_in(text) == []


def test_no_public_name_stands_twice() -> None:
    # The modules of commands are left out, because their functions have the names of the commands.
    kinds = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    found = [
        (node.name, str(path.relative_to(ROOT)))
        for folder in ("services", "schemas")
        for path in (ROOT / folder).rglob("*.py")
        if not path.is_relative_to(COMMANDS) and "versions" not in path.parts
        for node in ast.parse(path.read_text()).body
        if isinstance(node, kinds) and not node.name.startswith("_")
    ]
    twice = {name for name, count in Counter(name for name, _ in found).items() if count > 1}
    assert sorted(one for one in found if one[0] in twice) == []
