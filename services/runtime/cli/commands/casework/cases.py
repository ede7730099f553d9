from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Final, NamedTuple

import typer
from rich.table import Table
from rich.text import Text

from schemas.codes import CaseState, MatchLevel
from services.alerts.message.wording import distance, short_day, shown_name
from services.alerts.states.machine import CLOCK_STOPPED, URGENT
from services.alerts.views import CaseSummary, summaries
from services.core.clock import london_day
from services.runtime.cli.support.help_texts import examples
from services.runtime.cli.support.open_deployment import find_feed, opened
from services.runtime.cli.support.output import ago, cell, out, say, show_json, table
from services.runtime.cli.support.store import find_cases_to_list
from services.storage.feeds import list_feeds
from services.storage.store import Store

SOON_DAYS: Final = 14
LONGEST_STATE_WORD: Final = max(len(word) for state in CaseState for word in state.split("_"))

app = typer.Typer(add_completion=False)

# The width of a terminal from which each fact has a column of its own.
WIDE: Final = 110

# Pairs of a council's feed id and one of its cases.
CasesByFeed = Sequence[tuple[str, CaseSummary]]


class CaseRow(NamedTuple):
    case: Text
    council: Text
    reference: Text
    day: Text
    match: Text
    state: Text
    provider: Text
    alerted: Text


@app.command(
    epilog=examples(
        "pullcord cases",
        "pullcord cases --council E06000009 --state open",
        "pullcord cases --all --json --limit 100000",
    )
)
def cases(
    council: Annotated[str | None, typer.Option(help="Only this council's, by GSS code.", metavar="CODE")] = None,
    state: Annotated[
        CaseState | None,
        typer.Option(help="Only those in this state; docs/case-states.md lists them.", metavar="STATE"),
    ] = None,
    ended: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many to show.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """List the cases. Cases in urgent states come first. Cases without further alerts come last.

    Cases of the same urgency are in the order of their harmful days. The harmful day of a case is the day on which
    calls are restricted or the line is moved, whichever is earlier.
    """
    with opened() as store:
        with store.reading() as connection:
            feed_id = None if council is None else find_feed(connection, "council", council).feed_id
            found, total = find_cases_to_list(connection, feed_id, state, ended=ended, limit=limit)
            listed = [(case.feed_id, one) for case, one in zip(found, summaries(connection, store, found), strict=True)]
        if as_json:
            show_json([{"council": feed_id, **one.model_dump(mode="json")} for feed_id, one in listed])
        else:
            _print(store, listed, total, one_council=council is not None)


def _print(store: Store, listed: CasesByFeed, total: int, *, one_council: bool) -> None:
    if not listed:
        say("No case: nothing that was taken in puts a line with an alarm at risk.")
        return
    with store.reading() as connection:
        # A case does not hold the name of its council.
        names = {feed.feed_id: feed.name for feed in list_feeds(connection, "council")}
    now = store.now()
    rows = [_row(one, "" if one_council else names[feed_id], now) for feed_id, one in listed]
    out().print(_wide(rows, one_council=one_council) if out().width >= WIDE else _narrow(rows))
    rest = f" of {total:,}; --limit shows more" if total > len(listed) else ""
    say(f"{len(listed):,}{rest}. [bold]pullcord case show CASE[/] shows one whole.")


def _row(one: CaseSummary, council: str, now: datetime) -> CaseRow:
    return CaseRow(
        case=cell(one.case),
        council=cell(council),
        reference=cell(one.entry_id),
        day=shown_harmful_day(one.harm_on, CaseState(one.state), now),
        match=cell(one.level, "" if one.level is MatchLevel.CONFIRMED else "yellow"),
        state=cell(one.state.replace("_", " "), "bold red" if one.state in URGENT else ""),
        provider=cell(shown_name(one.provider)),
        alerted=cell(ago(one.last_alert_at, now, never="not yet")),
    )


def _wide(rows: Sequence[CaseRow], *, one_council: bool) -> Table:
    columns = ["Case", "Council", "Reference", "Harmful day", "Match", "State", "Provider", "Alerted"]
    # With one council, the column would hold the same name in each row.
    if one_council:
        columns.remove("Council")
    shown = table(*columns, whole=("Case", "Reference", "Harmful day", "Match"))
    # A state is wrapped between its words, never within a word.
    shown.columns[columns.index("State")].min_width = LONGEST_STATE_WORD
    for row in rows:
        shown.add_row(
            *(text for name, text in zip(CaseRow._fields, row, strict=True) if name != "council" or not one_council)
        )
    return shown


def _narrow(rows: Sequence[CaseRow]) -> Table:
    # Two facts to a cell, so that 80 columns hold every fact of the wide table.
    day, state = "Harmful day", "State"
    shown = table("Case\nCouncil", "Reference\nMatch", day, state, "Provider\nAlerted", whole=(day,))
    # A state is wrapped between its words, never within a word.
    shown.columns[3].min_width = LONGEST_STATE_WORD
    for row in rows:
        shown.add_row(
            _below(row.case, row.council),
            _below(row.reference, row.match),
            row.day,
            row.state,
            _below(row.provider, row.alerted),
        )
    return shown


def _below(first: Text, second: Text) -> Text:
    return Text.assemble(first, "\n", second) if second.plain else first


def shown_harmful_day(day: date | None, state: CaseState, now: datetime) -> Text:
    # Unless its alerts have stopped: red once the day has come, yellow when the day is near.
    if day is None:
        return Text("not known", "yellow")
    today = london_day(now)
    left = (day - today).days
    style = "" if state in CLOCK_STOPPED or left > SOON_DAYS else "red" if left <= 0 else "yellow"
    return Text.assemble(short_day(day), "\n", (distance(day, today), style))
