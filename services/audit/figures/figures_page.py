"""Run `python -m services.audit.figures.figures_page docs/oversight.md` to update the table on the page."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from services.audit.figures.figures import DEFINED, DEFINITIONS, Definition, Kind
from services.core.generated_part import with_generated

COUNTED: Final = {Kind.FLOW: "in the month", Kind.STOCK: "at its end", Kind.WAIT: "waits that ended in it"}


def figures_table() -> str:
    heading = "| figure | counted | what it counts | its kinds | by | traces to |\n|---|---|---|---|---|---|"
    return "\n".join([heading, *(f"| {' | '.join(_cells(one))} |" for one in DEFINITIONS)])


def _cells(one: Definition) -> Iterator[str]:
    yield f"**{one.title}** `{one.figure}`"
    yield COUNTED[one.kind]
    part = f" Part of: {DEFINED[one.part_of].title.lower()}." if one.part_of else ""
    yield one.counts + part
    yield ", ".join(f"`{kind}`" for kind in one.kinds) or one.kinds_are
    yield ", ".join(one.by)
    yield one.rule


def with_figures(page: str) -> str:
    return with_generated(page, figures_table())


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(with_figures(page.read_text("utf-8")), "utf-8")
