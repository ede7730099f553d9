"""Updates the generated files of the Helm chart. Run `python -m scripts.chart`.

`--check` writes no file, and exits with 1 if a file is out of date.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from services.runtime.consumers import CONSUMERS

ROOT = Path(__file__).parents[1]
CHART = ROOT / "deploy" / "helm" / "pullcord"
# A chart can read only files in its own folder. So these files are copied to `files/` in the chart.
SOURCES = {
    "topics.yaml": ROOT / "schemas" / "topics.yaml",
    "rules.yaml": ROOT / "deploy" / "prometheus" / "rules.yaml",
    **{f"dashboards/{path.name}": path for path in sorted((ROOT / "deploy" / "grafana" / "dashboards").glob("*.json"))},
}

BEGIN, END = "<!-- values: begin -->", "<!-- values: end -->"
KEY = re.compile(r"^(?P<indent> *)(?P<name>\w+):")
COMMENT = re.compile(r"^ *# -- (?P<text>.+)$")


@dataclass(frozen=True)
class Value:
    path: str
    default: Any
    meaning: str

    @property
    def row(self) -> str:
        default = json.dumps(self.default, ensure_ascii=False)
        return f"| `{self.path}` | `{default}` | {self.meaning} |"


def documented(text: str) -> Iterator[Value]:
    defaults, above, path = yaml.safe_load(text), "", [""]
    for line in text.splitlines():
        key = KEY.match(line)
        if key:
            # values.yaml has an indent of two spaces for each level.
            depth = len(key["indent"]) // 2
            path = [*path[:depth], key["name"]]
        if key and above:
            yield Value(".".join(path), _at(defaults, path), above)
        comment = COMMENT.match(line)
        above = comment["text"] if comment else ""


def _at(values: Any, path: list[str]) -> Any:
    for name in path:
        values = values[name]
    return values


def table(text: str) -> str:
    rows = [value.row for value in documented(text)]
    return "\n".join(["| value | default | meaning |", "|---|---|---|", *rows])


def made(chart: Path = CHART) -> dict[Path, str]:
    readme = (chart / "README.md").read_text()
    head, _, rest = readme.partition(BEGIN)
    values = table((chart / "values.yaml").read_text())
    files = {chart / "README.md": f"{head}{BEGIN}\n{values}\n{END}{rest.partition(END)[2]}"}
    copies = {chart / "files" / name: path.read_text() for name, path in SOURCES.items() if path.exists()}
    return files | copies | {chart / "files" / "consumers.yaml": consumers()}


def consumers() -> str:
    listed = [{"name": one.name, "topics": [*one.topics], "delivers": one.delivers} for one in CONSUMERS]
    head = "# Written by `python -m scripts.chart` from services/runtime/consumers.py.\n"
    return head + yaml.safe_dump({"consumers": listed}, sort_keys=False)


def drift(chart: Path = CHART) -> list[Path]:
    return sorted(path for path, text in made(chart).items() if not path.exists() or path.read_text() != text)


def main(arguments: list[str]) -> int:
    changed = drift()
    for path in changed:
        if "--check" in arguments:
            print(f"{path.relative_to(ROOT)} is not as its sources have it: run `python -m scripts.chart`")
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(made()[path])
    return 1 if changed and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
