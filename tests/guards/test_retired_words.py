"""Words that were ours alone stay retired: the field's words, and every engineer's, stand in their place."""

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

# Retired names, each with the one that stands in its place.
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
}

# Retired words of texts.
WORDS = {"nought": "zero", "nine tenths": "90th percentile"}

MODULES = sorted(
    path
    for folder in ("services", "schemas", "tests", "scripts", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
)
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])
HISTORY = {"CHANGELOG.md"}


def names_in(path: Path) -> Iterator[str]:
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
    return (token.string for token in tokens if token.type == tokenize.NAME)


def test_no_retired_name_is_used() -> None:
    used = {(str(path.relative_to(ROOT)), name) for path in MODULES for name in names_in(path) if name in NAMES}
    assert {f"{path}: {name}, use {NAMES[name]}" for path, name in used} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_uses_a_retired_word(page: Path) -> None:
    if page.name not in HISTORY:
        assert [word for word in WORDS if re.search(rf"\b{word}s?\b", page.read_text(), re.IGNORECASE)] == []


def test_it_finds_a_retired_name(tmp_path: Path) -> None:
    (tmp_path / "old.py").write_text("class Dossier: ...\n")
    assert "Dossier" in set(names_in(tmp_path / "old.py"))


def test_no_public_class_name_stands_twice() -> None:
    found = [
        (node.name, str(path.relative_to(ROOT)))
        for folder in ("services", "schemas")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    twice = {name for name, count in Counter(name for name, _ in found).items() if count > 1}
    assert sorted(one for one in found if one[0] in twice) == []
