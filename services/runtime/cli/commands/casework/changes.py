from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from schemas.codes import CaseEvent
from services.alerts.case.acts import accept_changes
from services.alerts.case.store.cases import waiting_cases
from services.alerts.delivery.digest import case_lines
from services.alerts.message.case_line import CaseLine, notes
from services.alerts.review.case import Case
from services.core.errors import RefusedError
from services.runtime.cli.support.help_texts import examples, group
from services.runtime.cli.support.open_deployment import find_feed, opened
from services.runtime.cli.support.output import ago, cell, counted, out, say, table
from services.runtime.cli.support.records import record_of
from services.storage.feeds import list_feeds
from services.storage.store import Store

app = group("Changes of feeds that would end or delay many cases, and wait until somebody agrees.")

_CODE = typer.Option(help="Only this council's, by GSS code.", metavar="CODE")


@app.command("list", epilog=examples("pullcord changes list", "pullcord changes list --council E06000009"))
def list_(council: Annotated[str | None, _CODE] = None) -> None:
    """List the cases with changes that wait for a person's consent.

    The output shows what the provider or the register now says. A change takes effect only when a person accepts the
    change.
    """
    with opened() as store:
        with store.reading() as connection:
            feed_id = None if council is None else find_feed(connection, "council", council).feed_id
            found = waiting_cases(connection, feed_id)
            shown = case_lines(connection, found)
            names = {feed.feed_id: feed.name for feed in list_feeds(connection, "council")}
        _print(store, found, shown, names)


@app.command(
    "accept",
    epilog=examples(
        'pullcord changes accept --council E06000009 --by "Asha Patel" C-7K3M-2Q9P C-2F4H-8J3L',
        'pullcord changes accept --council E06000009 --by "Asha Patel" --all',
    ),
)
def accept_(
    council: Annotated[str, typer.Option(help="Whose cases they are, by GSS code.", metavar="CODE")],
    by: Annotated[str, typer.Option(help="Who agrees, by name.", metavar="NAME")],
    cases: Annotated[
        list[str] | None, typer.Argument(help="The cases, such as C-7K3M-2Q9P.", metavar="[CASE]...")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All cases of the council on which a change waits.")] = False,
    note: Annotated[str | None, typer.Option(help="A remark, kept with it.")] = None,
) -> None:
    """Accept the waiting changes of cases, in a person's name. The changes then take effect.

    First ask the provider or the council whether the changes are right. A wrong file or a stolen API key may have
    caused the changes.
    """
    if bool(cases) is every:
        raise RefusedError("name the cases, or all of them with --all")
    record = record_of(CaseEvent.ACCEPT_CHANGES, {"by": by} | ({"note": note} if note else {}), {"note": "--note"})
    with opened() as store:
        with store.reading() as connection:
            feed_id = find_feed(connection, "council", council).feed_id
            chosen = [case.reference for case in waiting_cases(connection, feed_id)] if every else cases or []
        done = accept_changes(store, feed_id, record, chosen)
    say(f"The changes of {counted(len(done), 'case')} count now.")


def _print(store: Store, found: Sequence[Case], shown: Sequence[CaseLine], names: Mapping[str, str]) -> None:
    if not found:
        say("No change waits for anybody.")
        return
    listed = table("Case", "Council", "Waits since", "What changed", whole=("Case",))
    for case, line in zip(found, shown, strict=True):
        since = ago(case.changes_wait_since, store.now(), never="")
        listed.add_row(cell(case.reference), cell(names[case.feed_id]), cell(since), cell(". ".join(notes(line))))
    out().print(listed)
    say(f"{counted(len(found), 'case')}. [bold]pullcord changes accept[/] lets the changes of some or all count.")
