from __future__ import annotations

from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from services.alerts.delivery.drills.answering import record_answer
from services.alerts.delivery.drills.rules import AnswerWay, DrillState
from services.alerts.delivery.drills.starting import start_by_person
from services.alerts.delivery.drills.store import newest_drills
from services.core.errors import RefusedError
from services.core.texts import PersonName
from services.runtime.cli.support.help_texts import examples, group
from services.runtime.cli.support.open_deployment import find_feed, opened
from services.runtime.cli.support.output import cell, counted, local_time, out, say, table
from services.storage.feeds import list_feeds

app = group("Drills: a monthly message that somebody of each council must answer.")

_NAME: TypeAdapter[str] = TypeAdapter(PersonName)
_STATES = {
    DrillState.WAITING: "waits for an answer",
    DrillState.ANSWERED: "answered",
    DrillState.FAILED: "not answered: the operator was told",
    DrillState.ENDED: "not answered: over",
}

By = Annotated[str, typer.Option(help="Who does it, by name.", metavar="NAME")]


@app.command("list", epilog=examples("pullcord drill list", "pullcord drill list --council E06000009"))
def list_(
    council: Annotated[str | None, typer.Option(help="Only this council's, by GSS code.", metavar="CODE")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="So many, the newest first.")] = 50,
) -> None:
    """List drills and their results."""
    with opened() as store, store.reading() as connection:
        feed_id = None if council is None else find_feed(connection, "council", council).feed_id
        found = newest_drills(connection, feed_id, limit)
        names = {feed.feed_id: feed.name for feed in list_feeds(connection, "council")}
    if not found:
        say("There was no drill yet.")
        return
    listed = table(
        "Drill", "Council", "Began", "Tiers asked", "What became of it", right=("Tiers asked",), whole=("Drill",)
    )
    for one in found:
        became = _STATES[one.state]
        if one.answered_at is not None:
            late = "" if one.answered_at <= one.answer_by else ", late"
            became = f"{became} {local_time(one.answered_at)}{late}"
        # A drill without an answer is red.
        colour = "red" if one.state in (DrillState.FAILED, DrillState.ENDED) else ""
        began = local_time(one.started_at)
        listed.add_row(
            cell(one.reference), cell(names[one.feed_id]), cell(began), cell(str(one.level)), cell(became, colour)
        )
    out().print(listed)
    say(f"{counted(len(found), 'drill')}.")


@app.command("start", epilog=examples('pullcord drill start E06000009 --by "Asha Patel"'))
def start(council: Annotated[str, typer.Argument(help="The council's GSS code.", metavar="COUNCIL")], by: By) -> None:
    """Send a drill to the first tier of a council now, in addition to the monthly drill.

    No drill starts outside the council's working hours, during another drill, or while a case of the council is urgent.
    The messages are sent only while the service is running.
    """
    name = _name(by)
    with opened() as store:
        with store.reading() as connection:
            found = find_feed(connection, "council", council)
        reference = start_by_person(store, found.feed_id, name)
    say(f"Drill {reference} has begun. [bold]pullcord drill list[/] tells what becomes of it.")


@app.command("answer", epilog=examples('pullcord drill answer D-7K3M-2Q9P --by "Asha Patel"'))
def answer(
    drill: Annotated[str, typer.Argument(help="The drill, such as D-7K3M-2Q9P.", metavar="DRILL")], by: By
) -> None:
    """Record that a person of the council has read a drill. The drill is then answered."""
    name = _name(by)
    with opened() as store:
        done = record_answer(store, drill, name, AnswerWay.COMMAND)
    say(f"Drill {done.reference} is answered.")


def _name(by: str) -> str:
    try:
        return _NAME.validate_python(by)
    except ValidationError:
        raise RefusedError("--by: give the name of the person who does it") from None
