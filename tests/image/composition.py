from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from tests.support.checks.source import ROOT

FOLDER = ROOT / "deploy"
TEXT = (FOLDER / "compose.yaml").read_text()
# Variables that a person must set before the start.
ASKED_FOR = {"PULLCORD_PUBLIC_URL": "https://pullcord.example"}

Service = dict[str, Any]


def _filled(found: re.Match[str]) -> str:
    name, kind, rest = found.groups()
    return ASKED_FOR[name] if kind == "?" else rest


COMPOSE: dict[str, Any] = yaml.safe_load(re.sub(r"\$\{(\w+):([-?])([^}]*)\}", _filled, TEXT))
SERVICES: dict[str, Service] = COMPOSE["services"]
OURS = {name: one for name, one in SERVICES.items() if "pullcord" in one["image"]}
LONG_LIVED = {name: one for name, one in SERVICES.items() if name != "init"}


def mounted(service: Service, kind: str) -> dict[str, str]:
    given = [{"source": one} if isinstance(one, str) else one for one in service.get(kind, ())]
    return {one.get("target", f"/run/secrets/{one['source']}"): one["source"] for one in given}


def file_of(kind: str, name: str) -> Path:
    path: str = COMPOSE[kind][name]["file"]
    return FOLDER / path
