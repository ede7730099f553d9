from __future__ import annotations

import tomllib

import pytest

from tests.support.checks.source import ROOT

MUTMUT = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]
CHOSEN = [one.removeprefix("--ignore=") for one in MUTMUT["pytest_add_cli_args_test_selection"]]
EQUIVALENT = tomllib.loads((ROOT / "tests" / "mutants" / "equivalent.toml").read_text())["equivalent"]


@pytest.mark.parametrize("pattern", MUTMUT["only_mutate"])
def test_every_pattern_names_a_module(pattern: str) -> None:
    assert [*ROOT.glob(pattern)]


@pytest.mark.parametrize("path", CHOSEN)
def test_every_chosen_test_exists(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("name", [one["mutant"] for one in EQUIVALENT])
def test_every_equivalent_mutant_is_of_a_module_that_is_changed(name: str) -> None:
    path = ROOT / f"{name.rpartition('.')[0].replace('.', '/')}.py"
    assert any(path in ROOT.glob(pattern) for pattern in MUTMUT["only_mutate"])
