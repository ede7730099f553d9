"""`pullcord audit`: whether what is on record is what the audit says happened."""

from __future__ import annotations

from typing import Final

import typer

from services.audit.check import audit_differences
from services.runtime.cli.support.help_texts import examples, group
from services.runtime.cli.support.open_deployment import opened
from services.runtime.cli.support.output import cell, counted, out, say, table

app = group("The audit: what happened, row by row. The database refuses to change or remove a row of it.")

# The exit code where the record is not as the audit says.
SOMETHING_DIFFERS: Final = 1


@app.callback()
def audit() -> None:
    """Group the commands, though there is only one."""


@app.command(epilog=examples("pullcord audit check", note="For a cron job: it exits with 1 if anything differs."))
def check() -> None:
    """Count the kept figures again from the audit, and hold every case against it. It changes nothing.

    What was altered by hand in the database is listed: exit code 1. The audit's word is the one to believe.
    """
    with opened() as store, store.reading() as connection:
        found = list(audit_differences(connection))
    if not found:
        say("Every figure and every case is as the audit says.")
        return
    shown = table("What", "On record", "By the audit", right=("On record", "By the audit"))
    for one in found:
        shown.add_row(cell(one.what), cell(one.on_record, "red"), cell(one.by_the_audit))
    out().print(shown)
    say(f"{counted(len(found), 'difference')}.")
    raise typer.Exit(SOMETHING_DIFFERS)
