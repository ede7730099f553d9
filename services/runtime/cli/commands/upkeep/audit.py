from __future__ import annotations

from typing import Final

import typer

from services.alerts.case.due_check import due_differences
from services.audit.check import audit_differences
from services.ingest.recording.sealed_check import sealed_differences
from services.runtime.cli.support.help_texts import examples, group
from services.runtime.cli.support.open_deployment import opened
from services.runtime.cli.support.output import cell, counted, out, say, table

app = group("The audit: what happened, row by row. The database refuses to change or remove a row of it.")

# The exit code if the stored data differs from the audit.
SOMETHING_DIFFERS: Final = 1


@app.callback()
def audit() -> None:
    """Without this function, Typer would run `check` as `pullcord audit`."""


@app.command(epilog=examples("pullcord audit check", note="For a cron job: it exits with 1 if anything differs."))
def check() -> None:
    """Compare the stored data with the audit. Nothing is changed.

    The command finds data that somebody changed by hand in the database. If anything differs, the exit code is 1. In
    this case, trust the audit and not the data.

    The command also finds cases that somebody delayed by hand: the stored harmful day or next review is later than the
    records give.
    """
    with opened() as store, store.reading() as connection:
        checks = (audit_differences, due_differences, sealed_differences)
        found = [one for check_of in checks for one in check_of(connection, store)]
    if not found:
        say("Everything on record is as the audit says.")
        return
    shown = table("What", "On record", "By the audit", right=("On record", "By the audit"))
    for one in found:
        shown.add_row(cell(one.what), cell(one.on_record, "red"), cell(one.by_the_audit))
    out().print(shown)
    say(f"{counted(len(found), 'difference')}.")
    raise typer.Exit(SOMETHING_DIFFERS)
