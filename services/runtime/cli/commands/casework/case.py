"""`pullcord case`: shows one case in full, and records what people did about it."""

from __future__ import annotations

from typing import Annotated

import typer

from services.alerts.case.acts import act
from services.alerts.case.store.cases import find_case
from services.alerts.views import case_view
from services.runtime.cli.commands.casework.case_page import print_case
from services.runtime.cli.support.help_texts import examples, group
from services.runtime.cli.support.open_deployment import opened
from services.runtime.cli.support.records import ACTS_HELP, act_of, fields_of, record_of, show_after

app = group("One case: show it, record what was done.")

Case = Annotated[str, typer.Argument(help="The case, such as C-7K3M-2Q9P.", metavar="CASE")]


@app.command(epilog=examples("pullcord case show C-7K3M-2Q9P"))
def show(case: Case) -> None:
    """Show a case in full: the place, the reasons of its matches, the alerts, what was done and by whom.

    The output holds the telephone number and the address: use this command on the council's own machine only.
    """
    with opened() as store, store.reading() as connection:
        found = find_case(connection, case, None)
        print_case(connection, store, found, case_view(connection, store, found))


@app.command(
    epilog=examples(
        'pullcord case record C-7K3M-2Q9P contact_resident --by "Asha Patel" --field method=call',
        'pullcord case record C-7K3M-2Q9P pass_test --by "Asha Patel" --field "arc_name=Fylde Shore" --field at=now '
        '--field "tested_by=Asha Patel"',
        note=ACTS_HELP,
    )
)
def record(
    case: Case,
    event: Annotated[str, typer.Argument(help="What was done; the acts are listed below.", metavar="EVENT")],
    by: Annotated[str, typer.Option(help="Who did it, by name.", metavar="NAME")],
    field: Annotated[
        list[str] | None,
        typer.Option(help="What is recorded with it; give it once for each field.", metavar="KEY=VALUE"),
    ] = None,
) -> None:
    """Record what a named person did about a case.

    A time without an offset is UK time. `now` stands for the present time.
    """
    done = act_of(event)
    with opened() as store:
        made = record_of(done, {"by": by, **fields_of(field or (), store.now())})
        show_after(act(store, case, done, made, None), store)
