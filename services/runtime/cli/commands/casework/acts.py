"""`pullcord ack` and `pullcord confirm`: the two acts that people record most often."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from schemas.codes import CaseEvent
from services.alerts.case.acts import acknowledge, act
from services.alerts.states.records import ConfirmingParty
from services.core.errors import RefusedError
from services.runtime.cli.support.help_texts import examples
from services.runtime.cli.support.open_deployment import opened
from services.runtime.cli.support.output import counted, local_time, say
from services.runtime.cli.support.records import moment_of, record_of, show_after

ack = typer.Typer(add_completion=False)
confirm = typer.Typer(add_completion=False)

CONFIRM_OPTIONS: Final = {"party": "--party", "evidence": "--evidence", "told_provider_at": "--told-provider-at"}


@ack.command(
    epilog=examples('pullcord ack A-3F9K-7PQ2 --by "Asha Patel"', 'pullcord ack C-7K3M-2Q9P --by "Asha Patel"')
)
def acknowledge_(
    reference: Annotated[
        str, typer.Argument(help="An alert (A-…), for all its open cases, or one case (C-…).", metavar="ALERT|CASE")
    ],
    by: Annotated[str, typer.Option(help="Who takes it on, by name.", metavar="NAME")],
    note: Annotated[str | None, typer.Option(help="A remark, kept with it.")] = None,
) -> None:
    """Acknowledge an alert or a case in a person's name. This pauses the alerts for a time, but makes nobody safe."""
    kind = reference.strip().upper()[:2]
    if kind not in ("A-", "C-"):
        raise RefusedError("name an alert, such as A-3F9K-7PQ2, or a case, such as C-7K3M-2Q9P")
    with opened() as store:
        record = record_of(CaseEvent.ACKNOWLEDGE, {"by": by} | ({"note": note} if note else {}), {"note": "--note"})
        if kind == "C-":
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
    case: Annotated[str, typer.Argument(help="The case, such as C-7K3M-2Q9P.", metavar="CASE")],
    by: Annotated[str, typer.Option(help="Who records it, by name.", metavar="NAME")],
    party: Annotated[ConfirmingParty, typer.Option(help="Who confirmed it (PSTN charter, commitment 2).")],
    evidence: Annotated[str, typer.Option(help="What shows it; no telephone number.", metavar="TEXT")],
    told_provider_at: Annotated[
        str | None,
        typer.Option(
            help="When the provider was told, in UK time, or `now`. Needed unless the provider itself confirms.",
            metavar="TIME",
        ),
    ] = None,
) -> None:
    """Record that a compatible and functioning telecare solution is confirmed. This stops the alerts."""
    with opened() as store:
        values: dict[str, Any] = {"by": by, "party": party, "evidence": evidence}
        if told_provider_at is not None:
            values["told_provider_at"] = moment_of(told_provider_at, store.now())
        record = record_of(CaseEvent.CONFIRM_SAFE, values, CONFIRM_OPTIONS)
        show_after(act(store, case, CaseEvent.CONFIRM_SAFE, record, None), store)
