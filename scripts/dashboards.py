"""Writes the Grafana dashboards. Run `python -m scripts.dashboards`.

`--check` writes no file, and exits with 1 if a file is out of date.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from scripts.grafana.operations import operations
from scripts.grafana.oversight import oversight

ROOT = Path(__file__).parents[1]
DASHBOARDS = ROOT / "deploy" / "grafana" / "dashboards"
MAKERS = {"operations.json": operations, "oversight.json": oversight}


def made() -> dict[str, str]:
    return {
        # Keys are sorted, so that a diff shows only real changes.
        name: json.dumps(make().build(), cls=JSONEncoder, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
        for name, make in MAKERS.items()
    }


def drift(folder: Path = DASHBOARDS) -> list[str]:
    # A file that no dashboard makes any more is also a difference, because Grafana would still show it.
    found = {path.name: path.read_text() for path in folder.glob("*.json")}
    wanted = made()
    return sorted(name for name in found | wanted if found.get(name) != wanted.get(name))


def main(arguments: list[str]) -> int:
    if "--check" in arguments:
        changed = drift()
        for name in changed:
            print(f"{name} is not as its makers have it: run `python -m scripts.dashboards`")
        return 1 if changed else 0
    DASHBOARDS.mkdir(parents=True, exist_ok=True)
    for name, text in made().items():
        (DASHBOARDS / name).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
