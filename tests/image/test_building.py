from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from scripts.image import AUTHORITIES, DOCKERFILE, REGISTRY, Buildah, MissingToolError, given_secrets
from tests.support.checks.source import ROOT

STEPS = DOCKERFILE.read_text()


def test_both_stages_stand_on_the_base_that_is_asked_for() -> None:
    assert re.findall(r"^FROM (.+)$", STEPS, re.MULTILINE) == ["${BASE} AS build", "${BASE}"]
    assert re.search(r"^ARG BASE=\S+$", STEPS.split("FROM")[0], re.MULTILINE)


def test_the_installer_is_the_one_that_everybody_uses() -> None:
    (everybody,) = re.findall(r"^UV_VERSION := (\S+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert re.findall(r"^ARG UV_VERSION=(\S+)$", STEPS, re.MULTILINE) == [everybody]


def test_what_is_copied_in_is_let_in_and_is_all_that_is() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", STEPS, re.MULTILINE)
    assert lines[1] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == {name for names in copied for name in names.split()}
    assert all((ROOT / line[1:]).exists() for line in lines if line.startswith("!"))


def test_nothing_is_installed_but_from_the_lock_file() -> None:
    installing = re.findall(r"uv (sync|pip|add|install)\b(.*)", STEPS)
    assert all("--frozen" in rest for verb, rest in installing if verb == "sync")
    assert [rest for verb, rest in installing if verb != "sync" and "--constraint /opt/locked.txt" not in rest] == []


def test_where_packages_come_from_goes_in_as_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    authorities = tmp_path / "authorities.pem"
    authorities.write_text("-----BEGIN CERTIFICATE-----")
    for name in AUTHORITIES:
        monkeypatch.setenv(name, str(authorities))
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://packages.example/it's here")
    monkeypatch.setenv("PIP_CACHE_DIR", "/nowhere")
    with given_secrets() as secrets:
        assert secrets[0] == f"--secret=id=certificates,src={authorities}"
        registry = Path(secrets[1].removeprefix("--secret=id=registry,src="))
        assert """UV_DEFAULT_INDEX='https://packages.example/it'"'"'s here'\n""" in registry.read_text()
        assert "PIP_CACHE_DIR" not in registry.read_text()
        assert registry.parent.stat().st_mode & 0o077 == 0
    assert not registry.exists()


def test_a_machine_that_needs_no_secrets_gives_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in AUTHORITIES:
        monkeypatch.delenv(name, raising=False)
    with given_secrets() as secrets:
        assert [one for one in secrets if "certificates" in one] == []


def test_every_step_that_downloads_has_the_secrets_and_only_those() -> None:
    steps = re.findall(r"^RUN (?:.*\\\n)*.*$", STEPS, re.MULTILINE)
    downloading = [step for step in steps if re.search(r"pip install|uv sync", step)]
    assert len(downloading) == 4
    for step in steps:
        assert (". /reach" in step) == (step in downloading)
        assert step.count("--mount=type=secret") == 2 * (step in downloading)
    assert not REGISTRY.search(re.sub(r"^#.*$", "", STEPS, flags=re.MULTILINE))


def test_a_tool_that_is_missing_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(MissingToolError, match=r"buildah is missing: run scripts/install/buildah\.sh"):
        Buildah()
