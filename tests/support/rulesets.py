from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any
from unittest.mock import patch

from services.alerts.states import rules
from services.alerts.states.rules import Ruleset, load_ruleset

PSTN = json.loads((files("services.alerts.states") / "rulesets" / "pstn-2026.json").read_text("utf-8"))


def rule(name: str, *, at_risk: bool, **when: str) -> dict[str, Any]:
    codes = {field: [code] for field, code in when.items()}
    return {"id": name, "when": codes, "at_risk": at_risk, "why": "A test says so.", "source": "a test"}


def ruleset(name: str, *first: Mapping[str, Any], instead_of: Sequence[str] = ()) -> Ruleset:
    kept = [one for one in PSTN["rules"] if one["id"] not in instead_of]
    return Ruleset.model_validate(PSTN | {"name": name, "rules": [*first, *kept]})


@contextmanager
def installed(folder: Path, *made: Ruleset) -> Iterator[None]:
    # `load_ruleset` also finds `pstn-2026`.
    for one in (ruleset("pstn-2026"), *made):
        (folder / f"{one.name}.json").write_text(one.model_dump_json(), encoding="utf-8")
    with patch.object(rules, "FOLDER", folder):
        load_ruleset.cache_clear()
        yield
    load_ruleset.cache_clear()
