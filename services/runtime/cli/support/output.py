"""Results go to stdout. Errors and progress go to stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Literal

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from services.core.clock import LONDON

NOT_A_TERMINAL_WIDTH = 120
MINUTE, HOUR, DAY = 60, 3600, 86_400


def out() -> Console:
    return _console(stderr=False)


def say(*lines: str) -> None:
    # Lines may hold rich markup, so text from outside must go through `escaped` first.
    for line in lines:
        out().print(line)


def complain(text: str) -> None:
    _console(stderr=True).print(Text.assemble(("pullcord: ", "bold red"), plain(text)))


def note(text: str) -> None:
    _console(stderr=True).print(Text(plain(text)))


def show_json(value: Any) -> None:
    # Not through rich, which would break long lines.
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")


def plain(text: object) -> str:
    """Return the text with a space for each unprintable character."""
    # A control character could change the terminal.
    return "".join(sign if sign.isprintable() else " " for sign in str(text))


def escaped(text: object) -> str:
    return escape(plain(text))


def cell(value: object, style: str = "") -> Text:
    # A Text is not parsed as markup, so the value is shown unchanged.
    return Text("" if value is None else plain(value), style)


def table(*columns: str, right: Sequence[str] = (), whole: Sequence[str] = ()) -> Table:
    # Columns in `right` hold numbers. Columns in `whole` are never wrapped.
    made = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        justify: Literal["left", "right"] = "right" if column in right else "left"
        made.add_column(column, justify=justify, overflow="fold", no_wrap=column in whole)
    return made


def pairs(rows: Sequence[tuple[str, object]]) -> Table:
    made = Table.grid(padding=(0, 2))
    made.add_column(style="bold", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in rows:
        made.add_row(name, value if isinstance(value, Text) else cell(value))
    return made


def local_time(moment: datetime) -> str:
    """Return UK time, such as `23 Nov 2026 10:05`."""
    # The councils and providers are in the United Kingdom, wherever the machine is.
    at = moment.astimezone(LONDON)
    return f"{at.day} {at:%b %Y %H:%M}"


def span(seconds: float) -> str:
    """Return a duration in its largest whole unit, rounded down, such as `40 seconds`, `3 hours` or `12 days`."""
    for size, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (1, "second")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count:,} {name}{'' if count == 1 else 's'}"
    return "no time"


def ago(moment: datetime | None, now: datetime, never: str = "never") -> str:
    if moment is None:
        return never
    seconds = (now - moment).total_seconds()
    # A time that is ahead of this clock also counts as just now.
    return f"{span(seconds)} ago" if seconds >= MINUTE else "just now"


def counted(count: int, thing: str) -> str:
    # For example `1 row`, `1,204 rows`.
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


@contextmanager
def progress() -> Iterator[Progress]:
    console = _console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    # On stderr, and only on a terminal: a log file would fill with frames.
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield bar


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False)
    # A pipe has no width; rich would take 80 and break lines that a script reads.
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = NOT_A_TERMINAL_WIDTH
    return console
