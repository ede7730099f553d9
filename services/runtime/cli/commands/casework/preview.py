from __future__ import annotations

from typing import Annotated

import typer

from services.alerts.preview.case_preview import LONGEST_PREVIEW, CasePreview, preview_case
from services.alerts.states.rules import load_ruleset
from services.core.clock import LONDON
from services.runtime.bootstrap import fallback_contacts
from services.runtime.cli.support.case_references import CASE_HELP, OfCouncil, named_case
from services.runtime.cli.support.open_deployment import opened
from services.runtime.cli.support.output import cell, counted, local_time, out, say, table
from services.runtime.settings import Settings


def preview(
    case: Annotated[str, typer.Argument(help=CASE_HELP, metavar="CASE")],
    days: Annotated[int, typer.Option(min=1, max=LONGEST_PREVIEW, help="Look so many days ahead.")] = 60,
    council: OfCouncil = None,
) -> None:
    """Show the messages that would be sent about a case in the next days if nobody acts.

    The output has the time, reason and recipients of each message. The assumptions follow. Nothing is stored or sent.
    """
    settings = Settings()
    with opened(settings) as store, store.reading() as connection:
        found = named_case(connection, store, case, council)
        ruleset, fallback = load_ruleset(settings.ruleset), fallback_contacts(settings)
        _print(preview_case(connection, store, ruleset, fallback, found, days), days)


def _print(found: CasePreview, days: int) -> None:
    shown = table("When", "Why", "To")
    for message in found.messages:
        when = f"{message.at.astimezone(LONDON):%a} {local_time(message.at)}"
        told = ", ".join(f"{one.person} ({one.tier})" for one in message.people)
        shown.add_row(cell(when), cell(message.why), cell(told))
    if found.messages:
        out().print(shown)
    else:
        say(f"Nothing would be sent about {found.case} in the next {counted(days, 'day')}.")
    if not found.complete:
        say(f"[yellow]Only the first {counted(len(found.messages), 'message')} are shown.[/]")
    out().print(cell("Assumed:", "bold"))
    for one in found.assumptions:
        out().print(cell(f"- {one}"), soft_wrap=True)
