from __future__ import annotations

from typing import Annotated

import typer

from services.alerts.case.acts import act
from services.alerts.reveal import reveal_numbers
from services.alerts.views import case_view
from services.runtime.cli.commands.casework.case_page import print_case
from services.runtime.cli.commands.casework.preview import preview
from services.runtime.cli.support.case_references import CASE_HELP, OfCouncil, named_case
from services.runtime.cli.support.help_texts import examples, group
from services.runtime.cli.support.open_deployment import opened
from services.runtime.cli.support.records import (
    ACTS_HELP,
    act_of,
    fields_of,
    record_of,
    show_after,
    show_kept,
    typed_person,
)

app = group("One case: show it, record what was done, see what would be sent.")
app.command(epilog=examples("pullcord case preview C-7K3M-2Q9P", "pullcord case preview TC0042 --days 14"))(preview)

Case = Annotated[str, typer.Argument(help=CASE_HELP, metavar="CASE")]


@app.command(
    epilog=examples(
        "pullcord case show C-7K3M-2Q9P",
        "pullcord case show TC0042 --council E06000009",
        'pullcord case show C-7K3M-2Q9P --reveal --by "Asha Patel"',
    )
)
def show(
    case: Case,
    council: OfCouncil = None,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Also the telephone number on each notice; kept on the audit.")
    ] = False,
    by: Annotated[str | None, typer.Option(help="Who looks, by name; needed with --reveal.", metavar="NAME")] = None,
) -> None:
    """Show a case in full: address, alarm, matches and their reasons, alerts, and acts of people.

    The output holds the resident's telephone number and address. Use this command on the council's own machine only.
    """
    person = typed_person(by) if reveal else None
    with opened() as store:
        with store.reading() as connection:
            found = named_case(connection, store, case, council)
        numbers = reveal_numbers(store, found, person) if person else None
        with store.reading() as connection:
            print_case(connection, store, found, case_view(connection, store, found), numbers)


@app.command(
    epilog=examples(
        'pullcord case record C-7K3M-2Q9P contact_resident --by "Asha Patel" --field method=phone',
        'pullcord case record TC0042 book_visit --by "Asha Patel" --field visit_on=30/11/2026',
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
    council: OfCouncil = None,
) -> None:
    """Record an act of a named person on a case.

    Values have the same form as in an imported file. A date such as `05/11/2026` has the day first. A time without an
    offset is UK time. You may also type `now` for a time and `today` for a date. Instead of a code, you may type a
    common word, such as `phone` for a call.
    """
    done = act_of(event)
    with opened() as store:
        made = record_of(done, {"by": by, **fields_of(done, field or (), store.now())})
        with store.reading() as connection:
            reference = named_case(connection, store, case, council).reference
        show_after(act(store, reference, done, made, None), store)
        show_kept(made)
