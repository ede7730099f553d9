from __future__ import annotations

from typing import Annotated, Final

import typer
from rich.text import Text

from schemas.codes import CaseState, MatchLevel
from services.alerts.message.wording import case_state
from services.runtime.cli.commands.running.status_report import Counts, DeploymentStatus, stand
from services.runtime.cli.support.help_texts import examples
from services.runtime.cli.support.open_deployment import opened
from services.runtime.cli.support.output import ago, cell, counted, out, pairs, say, show_json, span, table
from services.runtime.settings import Settings

# The exit code when something is overdue or failing.
SOMETHING_WRONG: Final = 1

app = typer.Typer(add_completion=False)


@app.command(epilog=examples("pullcord status", "pullcord status --json", note="For a cron job: it exits with 1."))
def status(as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False) -> None:
    """Report the state of the deployment: feeds, matches, cases, alerts, and everything overdue or failing.

    The exit code is 1 if anything is overdue or failing.
    """
    settings = Settings()
    with opened(settings) as store:
        standing = stand(store, settings)
    if as_json:
        show_json(standing.as_json())
    else:
        _print(standing)
    if standing.faults:
        raise typer.Exit(SOMETHING_WRONG)


def _print(now: DeploymentStatus) -> None:
    _print_feeds(now)
    oldest = f"{span(now.oldest_unacknowledged)} old" if now.oldest_unacknowledged else "none is waiting"
    outbox = f"{counted(now.outbox, 'event')}, the oldest since {span(now.outbox_age)}" if now.outbox else "none"
    levels = {level.value: now.matches.get(level, 0) for level in MatchLevel}
    rows: list[tuple[str, object]] = [
        ("Matches", _listed(levels)),
        ("Deliveries", _listed({state.replace("_", " "): count for state, count in now.deliveries.items()})),
        ("Oldest not acknowledged", oldest),
        ("Events not yet handled", outbox),
    ]
    if now.changes_waiting:
        rows.append(
            ("Changes that wait for a person", f"{counted(now.changes_waiting, 'case')}: see `pullcord changes list`")
        )
    if now.unfinished_records:
        rows.append(("Notices and entries still being matched", f"{now.unfinished_records:,}"))
    out().print(pairs(rows))
    _print_cases(now)
    for fault in now.faults:
        out().print(Text.assemble(("✗ ", "bold red"), fault))
    if not now.faults:
        say("[green]✓ Nothing is overdue.[/]")


def _print_feeds(now: DeploymentStatus) -> None:
    shown = table("Feed", "Code", "Name", "Last heard", "Live rows", right=("Live rows",))
    for feed in now.feeds:
        rows = f"{now.live_rows.get(feed.feed_id, 0):,}"
        shown.add_row(feed.kind, feed.code, cell(feed.name), ago(feed.last_heard_at, now.at), rows)
    if now.feeds:
        out().print(shown)
    else:
        say("No council and no provider is known yet: see `pullcord councils add` and `pullcord providers add`.")


def _print_cases(now: DeploymentStatus) -> None:
    shown = table("Cases", "", right=("",))
    for state in CaseState:
        if state in now.cases:
            shown.add_row(case_state(state), f"{now.cases[state]:,}")
    if shown.row_count:
        out().print(shown)


def _listed(counts: Counts) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items()) or "none"
