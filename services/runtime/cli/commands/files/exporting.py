from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from services.runtime.cli.support.help_texts import examples, group
from services.runtime.cli.support.open_deployment import find_feed, opened
from services.runtime.cli.support.output import counted, escaped, say
from services.runtime.maintenance.exports import export_cases, export_matches

app = group("Write matches and cases to files: ids, levels, reasons and dates only.")

File = Annotated[Path, typer.Argument(help="The file to write; .csv or .ndjson at its end says which.", metavar="FILE")]
Council = Annotated[str | None, typer.Option(help="Only this council's, by GSS code.", metavar="CODE")]
Ended = Annotated[bool, typer.Option("--all", help="Also those that have ended.")]
References = Annotated[
    bool,
    typer.Option(
        "--with-references",
        help="Add the council's own references; one that could be a number, a name or an address stays out.",
    ),
]


@app.command("cases", epilog=examples("pullcord export cases cases.csv --council E06000009"))
def cases(file: File, council: Council = None, ended: Ended = False, references: References = False) -> None:
    """Write the cases to a file: reference, state, level, dates. The file appears only when it is complete."""
    _write(export_cases, "case", file, council, ended=ended, references=references)


@app.command("matches", epilog=examples("pullcord export matches matches.ndjson"))
def matches(file: File, council: Council = None, ended: Ended = False, references: References = False) -> None:
    """Write the matches to a file: reference, level, reasons, decision, dates.

    The file appears only when it is complete.
    """
    _write(export_matches, "match", file, council, ended=ended, references=references)


def _write(
    export: Callable[..., int], thing: str, file: Path, council: str | None, *, ended: bool, references: bool
) -> None:
    with opened() as store:
        with store.reading() as connection:
            feed_id = find_feed(connection, "council", council).feed_id if council else None
        count = export(store, file, feed_id, ended=ended, references=references)
    shown = counted(count, thing) if thing == "case" or count == 1 else f"{count:,} matches"
    say(f"{shown} in {escaped(file)}")
