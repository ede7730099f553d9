from __future__ import annotations

from typing import Annotated, Final

import structlog
import typer
from sqlalchemy import Engine

from services.runtime.cli.support.error_messages import EXPLAINED, REFUSED, explain
from services.runtime.cli.support.help_texts import examples
from services.runtime.cli.support.output import counted, out, say, show_json, table
from services.runtime.logs import configure
from services.runtime.settings import Settings
from services.runtime.watchdog_process import check_record, make_watch, opened_record, run_watchdog
from services.watchdog.findings import Findings

log = structlog.get_logger()

# The exit code of `--once` if something is missing.
SOMETHING_MISSING: Final = 1

app = typer.Typer(add_completion=False)


@app.command(
    epilog=examples(
        "pullcord watchdog",
        "pullcord watchdog --once",
        note="With --once it exits with 0 if nothing is missing, 1 if something is, 2 if it cannot look.",
    )
)
def watchdog(
    once: Annotated[
        bool, typer.Option("--once", help="Look once, tell people as usual, show what is missing, and end.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --once: for machines.")] = False,
) -> None:
    """Check that all messages about open cases are sent. Warn people if a message is missing.

    The watchdog reads the database, and shares no code with the engine. The watchdog notices if the engine has stopped,
    is slow or makes mistakes. The watchdog also notices if somebody silenced cases in the database. Warnings go out by
    the watchdog's own mail or webhook. The watchdog pings a heartbeat only when all is well.

    Run the watchdog on another machine if you can. The watchdog needs the database, but no keys.
    """
    settings = Settings()
    with opened_record(settings) as engine:
        if not once:
            configure("watchdog")
            _serve(settings, engine)
            return
        check_record(engine, settings.deployment)
        found = make_watch(settings, engine).run_once()
    _show(found, as_json=as_json)
    if found:
        raise typer.Exit(SOMETHING_MISSING)


def _serve(settings: Settings, engine: Engine) -> None:
    try:
        run_watchdog(settings, engine)
    except EXPLAINED as error:
        # One line of JSON, because log collectors read only JSON.
        log.error("role_ended", error=explain(error))
        raise typer.Exit(REFUSED) from None


def _show(found: Findings, *, as_json: bool) -> None:
    groups = list(found)
    if as_json:
        show_json(
            [{"kind": one.kind, "feed": one.feed_id, "count": one.count, "cases": one.references} for one in groups]
        )
        return
    if not groups:
        say("[green]✓ Nothing is missing.[/]")
        return
    shown = table("Fault", "Feed", "Count", "Cases", right=("Count",))
    for one in groups:
        shown.add_row(one.kind.replace("_", " "), one.feed_id, f"{one.count:,}", ", ".join(one.references))
    out().print(shown)
    say(f"{counted(len(groups), 'finding')}: docs/runbook.md says what to do about each.")
