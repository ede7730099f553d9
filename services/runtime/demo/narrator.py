from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text


@dataclass
class Narrator:
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
        # The viewer may copy this line, so it is printed unchanged and never wrapped.
        self.console.print(text, soft_wrap=True, markup=False, highlight=False)

    def quote(self, title: str, text: str) -> None:
        self.console.print(Panel(Text(text), title=Text(title), title_align="left"))


def plain_table(*headings: str) -> Table:
    # The first column is never wrapped.
    table = Table(box=None, pad_edge=False)
    for number, heading in enumerate(headings):
        table.add_column(heading, no_wrap=number == 0)
    return table
