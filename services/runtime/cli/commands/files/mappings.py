from __future__ import annotations

from typing import Annotated, Final

import typer

from services.core.errors import NotFoundError, RefusedError
from services.ingest.files.words import word_key
from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.headings import heading_key
from services.ingest.reading.spreadsheets.chosen_columns import COLUMN
from services.ingest.reading.spreadsheets.chosen_statuses import STATUS_FIELD
from services.ingest.recording.store.chosen_words import forget_words, remembered_words
from services.runtime.cli.support.help_texts import examples, group
from services.runtime.cli.support.open_deployment import find_feed, opened
from services.runtime.cli.support.output import cell, counted, out, say, table
from services.storage.store import Store

app = group("The columns and words that a council or a provider has mapped by hand. Its later files are read by them.")

Council = Annotated[str | None, typer.Option(help="The GSS code of the council.", metavar="CODE")]
Provider = Annotated[str | None, typer.Option(help="The RCPID of the provider.", metavar="CODE")]

_SHOWN: Final = {COLUMN: "column"}


@app.command("list", epilog=examples("pullcord mappings list --council E06000009"))
def list_(council: Council = None, provider: Provider = None) -> None:
    """List the columns and words that a council or a provider has mapped by hand."""
    with opened() as store:
        feed_id, kind = _sender(store, council, provider)
        found = remembered_words(store, feed_id, kind)
    if not found:
        say("Nothing is mapped: files are read by the headings and words that are known.")
        return
    shown = table("What", "Word", "is read as")
    for one in found:
        shown.add_row(_SHOWN.get(one.what, "status"), cell(one.word), cell(one.target))
    out().print(shown)


@app.command(
    "forget",
    epilog=examples(
        'pullcord mappings forget --council E06000009 --column "Lifeline No"',
        "pullcord mappings forget --council E06000009 --status Live",
    ),
)
def forget_(
    council: Council = None,
    provider: Provider = None,
    column: Annotated[list[str] | None, typer.Option(help="A heading. May be given again.", metavar="HEADING")] = None,
    status: Annotated[
        list[str] | None, typer.Option(help="A word for a status. May be given again.", metavar="WORD")
    ] = None,
) -> None:
    """Delete a council's or a provider's mappings of columns or words. Imported records do not change."""
    if not column and not status:
        raise RefusedError("name what to forget: --column HEADING or --status WORD")
    with opened() as store:
        feed_id, kind = _sender(store, council, provider)
        words = [(COLUMN, heading_key(heading)) for heading in column or ()]
        words += [(STATUS_FIELD[kind], word_key(word)) for word in status or ()]
        gone = forget_words(store, feed_id, kind, words)
    if not gone:
        raise NotFoundError("there is no such mapping: `pullcord mappings list` shows those there are")
    say(f"Forgot {counted(gone, 'mapping')}.")


def _sender(store: Store, council: str | None, provider: str | None) -> tuple[str, RecordKind]:
    if (council is None) == (provider is None):
        raise RefusedError("name one sender: --council CODE or --provider CODE")
    with store.reading() as connection:
        if council is not None:
            return find_feed(connection, "council", council).feed_id, RecordKind.ENTRY
        return find_feed(connection, "provider", str(provider)).feed_id, RecordKind.NOTICE
