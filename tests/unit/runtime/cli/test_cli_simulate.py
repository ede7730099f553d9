from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.runtime.cli.commands.running import simulate
from services.runtime.cli.main import app


def test_it_runs_the_simulator_of_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []

    def run(command: list[str], **how: Any) -> subprocess.CompletedProcess[str]:
        calls.append((command, how["cwd"]))
        return subprocess.CompletedProcess(command, 1)

    monkeypatch.setattr(subprocess, "run", run)
    result = CliRunner().invoke(app, ["simulate", "--months", "3", "--seed", "7"])
    assert result.exit_code == 1
    assert calls == [([sys.executable, "-m", "tests.simulation", "--months", "3", "--seed", "7"], simulate.CHECKOUT)]
    assert (simulate.CHECKOUT / "tests" / "simulation" / "__main__.py").is_file()


def test_an_installation_without_tests_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(simulate, "CHECKOUT", tmp_path)
    result = CliRunner().invoke(app, ["simulate"])
    assert result.exit_code == 2
    assert "run it in a checkout" in result.output
