from __future__ import annotations

from typing import Annotated

import typer

from schemas.codes import CaseEvent, MatchDecision
from services.matcher.decisions import MatchId, decide_match
from services.runtime.cli.support.drain import handle_events
from services.runtime.cli.support.help_texts import examples, group
from services.runtime.cli.support.open_deployment import opened
from services.runtime.cli.support.output import say
from services.runtime.cli.support.records import record_of
from services.runtime.settings import Settings

app = group("Say whether a match is right. Your word is kept, and no later match undoes it.")

Match = Annotated[
    str, typer.Argument(help="The match, such as M-7K3M-2Q9P-4XTB-8HWN; `case show` lists a case's.", metavar="MATCH")
]
By = Annotated[str, typer.Option(help="Who decided it, by name.", metavar="NAME")]
Evidence = Annotated[str, typer.Option(help="How you know; no telephone number.", metavar="TEXT")]


@app.command(
    epilog=examples('pullcord match confirm M-7K3M-2Q9P-4XTB-8HWN --by "Asha Patel" --evidence "rang the resident"')
)
def confirm(match: Match, by: By, evidence: Evidence) -> None:
    """Record that the notice of a match is about the resident's line."""
    _decide(match, MatchDecision.CONFIRMED, by, evidence)
    say("Kept: this is the line.")


@app.command(
    epilog=examples('pullcord match reject M-7K3M-2Q9P-4XTB-8HWN --by "Asha Patel" --evidence "the flat next door"')
)
def reject(match: Match, by: By, evidence: Evidence) -> None:
    """Record that the notice of a match is about another line.

    If no other notice puts the resident's line at risk, the case ends.
    """
    _decide(match, MatchDecision.REJECTED, by, evidence)
    say("Kept: this is another line.")


def _decide(match: str, decision: MatchDecision, by: str, evidence: str) -> None:
    settings = Settings()
    with opened(settings) as store:
        said = record_of(CaseEvent.REJECT_MATCH, {"by": by, "evidence": evidence}, {"evidence": "--evidence"})
        decide_match(store, MatchId.read(store, match), decision, said.by, evidence.strip())
        handle_events(store, settings)
