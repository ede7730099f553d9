from __future__ import annotations

from typing import Annotated, Final

import typer

from schemas.codes import CaseEvent
from services.alerts.case.acts import acknowledge, act
from services.runtime.cli.support.act_values import read_value
from services.runtime.cli.support.case_references import CASE_HELP, OfCouncil, is_alert, named_case
from services.runtime.cli.support.help_texts import examples
from services.runtime.cli.support.open_deployment import opened
from services.runtime.cli.support.output import counted, local_time, say
from services.runtime.cli.support.records import record_of, show_after, show_kept

ack = typer.Typer(add_completion=False)
confirm = typer.Typer(add_completion=False)

CONFIRM_OPTIONS: Final = {"party": "--party", "evidence": "--evidence", "told_provider_at": "--told-provider-at"}


@ack.command(
    epilog=examples('pullcord ack A-3F9K-7PQ2 --by "Asha Patel"', 'pullcord ack C-7K3M-2Q9P --by "Asha Patel"')
)
def acknowledge_(
    reference: Annotated[
        str,
        typer.Argument(
            help="An alert (A-…), for all its open cases, or one case (C-… or your own reference).",
            metavar="ALERT|CASE",
        ),
    ],
    by: Annotated[str, typer.Option(help="Who takes it on, by name.", metavar="NAME")],
    note: Annotated[str | None, typer.Option(help="A remark, kept with it.")] = None,
    council: OfCouncil = None,
) -> None:
    """Acknowledge an alert or a case in a person's name. Alerts then pause for a time. Residents are not yet safe."""
    with opened() as store:
        record = record_of(CaseEvent.ACKNOWLEDGE, {"by": by} | ({"note": note} if note else {}), {"note": "--note"})
        if not is_alert(reference):
            with store.reading() as connection:
                reference = named_case(connection, store, reference, council).reference
            show_after(act(store, reference, CaseEvent.ACKNOWLEDGE, record, None), store)
            return
        done = acknowledge(store, reference, record)
    until = f" Their alerts pause until {local_time(done.paused_until)} at the latest." if done.paused_until else ""
    if done.cases:
        say(f"[bold]{done.alert.strip().upper()}[/]: {counted(len(done.cases), 'case')} acknowledged.{until}")
    else:
        say("Nothing was acknowledged: its cases have ended, or have news since. A newer message tells of them.")


@confirm.command(
    epilog=examples(
        'pullcord confirm C-7K3M-2Q9P --by "Asha Patel" --party telecare_company --evidence "digital unit tested" '
        "--told-provider-at now",
        'pullcord confirm C-7K3M-2Q9P --by "Asha Patel" --party provider --evidence "Prove Telecare visit"',
    )
)
def confirm_(
    case: Annotated[str, typer.Argument(help=CASE_HELP, metavar="CASE")],
    by: Annotated[str, typer.Option(help="Who records it, by name.", metavar="NAME")],
    party: Annotated[
        str,
        typer.Option(
            help="Who confirmed it (PSTN charter, commitment 2): provider, customer or telecare_company.",
            metavar="PARTY",
        ),
    ],
    evidence: Annotated[str, typer.Option(help="What shows it; no telephone number.", metavar="TEXT")],
    told_provider_at: Annotated[
        str | None,
        typer.Option(
            help="When the provider was told, such as `30/11/2026 14:30` in UK time, or `now`. Needed unless the "
            "provider itself confirms.",
            metavar="TIME",
        ),
    ] = None,
    council: OfCouncil = None,
) -> None:
    """Record that a compatible and functioning telecare solution is confirmed. Alerts about the case then stop."""
    with opened() as store:
        given = {"party": party} | ({"told_provider_at": told_provider_at} if told_provider_at is not None else {})
        read = {
            name: read_value(CaseEvent.CONFIRM_SAFE, name, text, store.now(), CONFIRM_OPTIONS[name])
            for name, text in given.items()
        }
        record = record_of(CaseEvent.CONFIRM_SAFE, {"by": by, "evidence": evidence, **read}, CONFIRM_OPTIONS)
        with store.reading() as connection:
            reference = named_case(connection, store, case, council).reference
        show_after(act(store, reference, CaseEvent.CONFIRM_SAFE, record, None), store)
        show_kept(record)
