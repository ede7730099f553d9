from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.checks.source import ROOT

FOLDER = ROOT / "deploy" / "prometheus"
RULES = FOLDER / "rules.yaml"
DASHBOARDS = ROOT / "deploy" / "grafana" / "dashboards"
GROUPS: list[dict[str, Any]] = yaml.safe_load(RULES.read_text())["groups"]
ALERTS: dict[str, dict[str, Any]] = {
    rule["alert"]: rule for group in GROUPS for rule in group["rules"] if "alert" in rule
}
RECORDED = [rule["record"] for group in GROUPS for rule in group["rules"] if "record" in rule]

# The values that Grafana puts in place of its variables.
CHOICES = {"$__rate_interval": "5m", "$job": "pullcord", "$namespace": ".*", "$figure": "holds"}


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is missing: run scripts/install/prometheus.sh")
    return found


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


def run(program: str, *arguments: str | Path, given: str | None = None) -> Said:
    command = [tool(program), *map(str, arguments)]
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=120, check=False)
    return Said(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Board:
    path: Path

    @property
    def content(self) -> dict[str, Any]:
        made: dict[str, Any] = json.loads(self.path.read_text())
        return made

    @property
    def panels(self) -> list[dict[str, Any]]:
        # Headings of rows are no panels.
        return [panel for panel in self.content["panels"] if panel["type"] != "row"]

    @property
    def queries(self) -> Iterator[str]:
        # Each variable is replaced by a value.
        for panel in self.panels:
            for target in panel["targets"]:
                yield chosen(target["expr"])


BOARDS = [Board(path) for path in sorted(DASHBOARDS.glob("*.json"))]


def chosen(expression: str) -> str:
    for variable, value in CHOICES.items():
        expression = expression.replace(variable, value)
    return expression


def expressions() -> list[str]:
    of_rules = [rule["expr"] for group in GROUPS for rule in group["rules"]]
    return of_rules + [query for board in BOARDS for query in board.queries]


def named(expression: str) -> set[str]:
    # Names that a rule records count too.
    without_values = re.sub(r'"[^"]*"', "", expression)
    return set(re.findall(r"\bpullcord[_:][\w:]+", without_values))
