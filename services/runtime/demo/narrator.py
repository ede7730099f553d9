"""How the demonstration looks on a terminal: numbered steps, tables without lines."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text


@dataclass
class Narrator:
    """Prints on a console, and numbers the steps."""

    console: Console
    steps: int = 0

    def begin(self, title: str, text: str) -> None:
        self.console.print(Panel(text, title=title, title_align="left"))

    def step(self, title: str) -> None:
        self.steps += 1
        self.console.print()
        self.console.rule(f"{self.steps}. {title}", align="left")

    def say(self, text: str | Table | Panel) -> None:
        self.console.print(text)

    def line(self, text: str) -> None:
        # To be copied: printed as it stands, however long.
        self.console.print(text, soft_wrap=True, markup=False, highlight=False)

    def quote(self, title: str, text: str) -> None:
        self.console.print(Panel(Text(text), title=Text(title), title_align="left"))


def plain_table(*headings: str) -> Table:
    # The first column is never broken.
    table = Table(box=None, pad_edge=False)
    for number, heading in enumerate(headings):
        table.add_column(heading, no_wrap=number == 0)
    return table
