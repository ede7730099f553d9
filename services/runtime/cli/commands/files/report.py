from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection

from services.audit.figures.months import Month, month_of, read_period
from services.audit.figures.publishing import MonthShown, shown
from services.audit.figures.tables import as_csv
from services.audit.month_end import SETTLED, MonthEnd, month_to_date
from services.audit.reading import complete_months, names, read_months
from services.audit.report.report import render_report
from services.core.errors import RefusedError
from services.runtime.bootstrap import UNSAFE
from services.runtime.cli.support.help_texts import examples
from services.runtime.cli.support.open_deployment import opened
from services.runtime.cli.support.output import escaped, note, say
from services.runtime.maintenance.exports import written_whole
from services.storage.store import Store

app = typer.Typer(add_completion=False)

NOT_TO_BE_PUBLISHED = (
    "The last month is not over. Do not publish its figures: two reports of different days can be subtracted."
)


@app.command(
    epilog=examples(
        "pullcord report", "pullcord report --period 2026-11", "pullcord report --period 2026-01..2026-11 --out reports"
    )
)
def report(
    period: Annotated[
        str | None,
        typer.Option(
            help="A month, or the first and the last; the last complete month if absent.", metavar="MONTH[..MONTH]"
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="The folder to write to.", metavar="FOLDER")] = Path(),
) -> None:
    """Write the regulator's figures: an HTML page with plots and tables, and a CSV file.

    Small counts are withheld in both files. If figures of past months are missing, the command first counts and stores
    these figures.
    """
    with opened() as store:
        _close_months(store)
        with store.reading() as connection:
            months = _months(connection, store, period)
            page = render_report(months, names(connection), store.now())
    # One month gives `2026-11`, two give `2026-10-to-2026-11`.
    stem = "-to-".join(dict.fromkeys(str(one.month) for one in (months[0], months[-1])))
    out.mkdir(parents=True, exist_ok=True)
    # The page has the plots, the CSV file the figures under them.
    for path, text in ((out / f"oversight-{stem}.html", page), (out / f"oversight-{stem}.csv", as_csv(months))):
        with written_whole(path) as file:
            file.write(text)
        say(escaped(path))
    if not months[-1].complete:
        note(NOT_TO_BE_PUBLISHED)


def _close_months(store: Store) -> None:
    closer = MonthEnd(store, UNSAFE)
    # One month at each call.
    while closer.run_once():
        pass


def _months(connection: Connection, store: Store, period: str | None) -> Sequence[MonthShown]:
    # The month that is not over comes last, if it is among those asked for.
    now = store.now()
    # A month still counts as running for some minutes after its end: its last events may not be committed yet.
    current = month_of(now - SETTLED)
    # A clock that ran ahead may have closed months that are not over yet.
    closed = complete_months(connection)
    complete = [month for month in closed if month < current]
    # If no month is over yet, the present month is better than nothing.
    wanted = read_period(period) if period else (complete[-1:] or [current])
    if wanted[-1] > current:
        raise RefusedError(_lies_ahead(wanted[-1], current, closed))
    found = read_months(connection, [month for month in wanted if month in complete])
    if current in wanted:
        counts = month_to_date(connection, current, UNSAFE, now)
        found.append(MonthShown(current, shown(counts), complete=False))
    if len(found) < len(wanted):
        raise RefusedError(f"there are figures of {_there(complete, current)} only: ask for those")
    return found


def _lies_ahead(last: Month, current: Month, closed: Sequence[Month]) -> str:
    # A month is closed only after its end, so one of the clocks is wrong or was wrong.
    if closed and current <= closed[-1]:
        return (
            f"{last} lies ahead: the clock of this machine says {current}, and there are figures up to {closed[-1]}. "
            "If the clock is wrong, set it right first"
        )
    return f"{last} lies ahead: there are figures of {_there(closed, current)} only, ask for those"


def _there(complete: Sequence[Month], current: Month) -> str:
    return f"{complete[0]} to {current}" if complete else str(current)
