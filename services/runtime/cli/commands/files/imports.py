from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.core.errors import RefusedError
from services.ingest.files.dates import DateOrder
from services.ingest.reading.drafts import RecordKind
from services.ingest.recording.replacement import Replacement
from services.runtime.cli.commands.files.import_run import ImportJob, run
from services.runtime.cli.commands.parties.first_steps import add_sender, tell_somebody
from services.runtime.cli.support.help_texts import examples, group
from services.runtime.cli.support.open_deployment import find_feed, opened
from services.runtime.settings import Settings

app = group("Take files in: CSV, XLSX, JSON or NDJSON, told apart by what they hold.")

File = Annotated[Path, typer.Argument(help="The file.", metavar="FILE")]
Dry = Annotated[bool, typer.Option("--dry-run", help="Show how the file is understood, and take nothing in.")]
Errors = Annotated[
    Path | None, typer.Option(help="Write every row with an issue here, as CSV: row, field, reason, remedy.")
]
Dates = Annotated[
    DateOrder | None,
    typer.Option(help="The order of day and month in dates of a CSV or XLSX file, where it holds some month first."),
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column", help='Map a column by hand, as "Lifeline No=entry_id". May be given again.', metavar="HEADING=FIELD"
    ),
]
Statuses = Annotated[
    list[str] | None,
    typer.Option(
        "--status", help='Map your own word for a status, as "Live=active". May be given again.', metavar="WORD=CODE"
    ),
]
Name = Annotated[
    str | None,
    typer.Option(help="The name people know the sender by: adds it, unless it was added before.", metavar="NAME"),
]
Match = Annotated[
    bool, typer.Option("--match/--no-match", help="Match at once; otherwise `serve` does, when it runs next.")
]


@app.command(
    epilog=examples(
        "pullcord import register register.xlsx --council E06000009 --dry-run",
        "pullcord import register register.xlsx --council E06000009 --errors to-mend.csv",
        "pullcord import register whole.csv --council E06000009 --replace",
        'pullcord import register odd.csv --council E06000009 --column "Lifeline No=entry_id"',
        'pullcord import register register.csv --council E06000009 --name "Blackpool Council" '
        '--tell "Jo Bloggs <jo@council.example>"',
    )
)
def register(
    file: File,
    council: Annotated[str, typer.Option(help="The GSS code of the council whose register it is.", metavar="CODE")],
    name: Name = None,
    tell: Annotated[
        str | None,
        typer.Option(help="Whom alerts tell, if nobody yet: a mail address or a telephone number.", metavar="CONTACT"),
    ] = None,
    dry: Dry = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="The file is the whole register: entries it does not hold are withdrawn.")
    ] = False,
    confirm_withdrawals: Annotated[
        int | None,
        typer.Option(min=0, help="With --replace: that exactly so many entries may be withdrawn.", metavar="N"),
    ] = None,
    column: Columns = None,
    status: Statuses = None,
    errors: Errors = None,
    dates: Dates = None,
    match: Match = True,
) -> None:
    """Import all or part of a council's register. A row that repeats a stored entry changes nothing.

    The exit code is 1 if every row was rejected.
    """
    if confirm_withdrawals is not None and not replace:
        raise RefusedError("--confirm-withdrawals goes with --replace: nothing is withdrawn without it")
    settings = Settings()
    replacement = Replacement(settings.withdrawal_share, confirm_withdrawals) if replace else None
    with opened(settings) as store:
        add_sender(store, "council", council, name, dry=dry)
        with store.reading() as connection:
            feed = find_feed(connection, "council", council)
        if tell is not None and not dry:
            tell_somebody(store, feed, tell)
        columns, words = tuple(column or ()), tuple(status or ())
        run(
            store,
            settings,
            ImportJob(feed, RecordKind.ENTRY, file, replacement, errors, dry, match, dates, columns, words),
        )


@app.command(
    epilog=examples(
        "pullcord import notices notices.json --provider RAVN --dry-run",
        "pullcord import notices notices.csv --provider RAVN",
    )
)
def notices(
    file: File,
    provider: Annotated[str, typer.Option(help="The RCPID of the provider that issued them.", metavar="CODE")],
    name: Name = None,
    dry: Dry = False,
    column: Columns = None,
    status: Statuses = None,
    errors: Errors = None,
    dates: Dates = None,
    match: Match = True,
) -> None:
    """Import a provider's migration notices.

    A newer version of a notice replaces the stored version. An older version is ignored.

    The exit code is 1 if every row was rejected.
    """
    settings = Settings()
    with opened(settings) as store:
        add_sender(store, "provider", provider, name, dry=dry)
        with store.reading() as connection:
            feed = find_feed(connection, "provider", provider)
        columns, words = tuple(column or ()), tuple(status or ())
        run(store, settings, ImportJob(feed, RecordKind.NOTICE, file, None, errors, dry, match, dates, columns, words))
