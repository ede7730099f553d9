from __future__ import annotations

from typing import Annotated

import typer

from schemas.codes import CaseEvent, MatchDecision
from services.alerts.checks import matches_to_check
from services.alerts.message.wording import distance, short_day, shown_name
from services.core.clock import london_day
from services.matcher.decisions import MatchId, decide_match
from services.runtime.cli.support.drain import handle_events
from services.runtime.cli.support.help_texts import examples, group
from services.runtime.cli.support.labels import reasons
from services.runtime.cli.support.open_deployment import find_feed, opened
from services.runtime.cli.support.output import cell, counted, out, say, show_json, table
from services.runtime.cli.support.records import record_of
from services.runtime.settings import Settings

app = group("Say whether a match is right. Your word is kept, and no later match undoes it.")

Match = Annotated[
    str, typer.Argument(help="The match, such as M-7K3M-2Q9P-4XTB-8HWN; `case show` lists a case's.", metavar="MATCH")
]
By = Annotated[str, typer.Option(help="Who decided it, by name.", metavar="NAME")]
Evidence = Annotated[str, typer.Option(help="How you know; no telephone number.", metavar="TEXT")]


@app.command("list", epilog=examples("pullcord match list --council E06000009"))
def list_to_check(
    council: Annotated[str, typer.Option(help="The council, by GSS code.", metavar="CODE")],
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="How many to show.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the matches that a person must still check, the most urgent first.

    The list has one match for each register entry: the entry's surest match. If you reject this match, the entry's next
    match is listed instead.
    """
    with opened() as store, store.reading() as connection:
        found = matches_to_check(connection, store, find_feed(connection, "council", council).feed_id, limit)
        today = london_day(store.now())
    if as_json:
        show_json(found.model_dump(mode="json"))
        return
    if not found.matches:
        say("No match waits for a person.")
        return
    shown = table("Match", "Case", "Level", "Why", "Provider", "Harm", "Others", whole=("Match", "Case"))
    for one in found.matches:
        day = f"{short_day(one.harm_on)}, {distance(one.harm_on, today)}" if one.harm_on else "not known"
        why, provider = reasons(one.reasons), cell(shown_name(one.provider))
        shown.add_row(one.match, one.case, one.level, why, provider, day, str(one.others or ""))
    out().print(shown)
    if found.left > len(found.matches):
        say(f"{len(found.matches)} of {found.left:,} are shown: --limit shows more.")


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
        also = decide_match(store, MatchId.read(store, match), decision, said.by, evidence.strip())
        handle_events(store, settings)
    if also:
        say(f"Your word also counts for {counted(also, 'further notice')} about exactly this line.")
