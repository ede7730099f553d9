from __future__ import annotations

from typing import Annotated

import typer

from services.runtime.cli.support.help_texts import examples, group
from services.runtime.cli.support.open_deployment import opened
from services.runtime.cli.support.output import cell, counted, local_time, out, say, show_json, table
from services.storage.events.quarantine import drop, list_quarantine, requeue, show_quarantined

app = group("Events in quarantine because they could not be handled. Nothing else waits for them.")

Event = Annotated[str, typer.Argument(help="The event's id, as `quarantine list` shows it.")]
By = Annotated[str, typer.Option(help="Who decides so.", prompt="Your name")]


@app.command("list")
def list_() -> None:
    """List the events in quarantine, the oldest first."""
    with opened() as store, store.reading() as connection:
        found = list_quarantine(connection)
    if not found:
        say("Nothing is in quarantine.")
        return
    shown = table("Event", "By", "Topic", "Error", "Since", whole=("Event",))
    for event in found:
        shown.add_row(event.event_id, event.consumer, event.topic, cell(event.error, "red"), local_time(event.at))
    out().print(shown)


@app.command()
def show(event: Event) -> None:
    """Show the content of an event: ids, dates, codes and tokens. An event holds no name, number or address."""
    with opened() as store, store.reading() as connection:
        show_json(show_quarantined(connection, event))


@app.command(epilog=examples("pullcord quarantine replay 019a… --by 'Asha Patel'"))
def replay(event: Event, by: By) -> None:
    """Publish an event again for the consumers that failed to handle the event. First correct the cause."""
    with opened() as store:
        count = requeue(store, event, by)
    say(f"It will be handled again by {counted(count, 'consumer')}.")


@app.command("drop")
def drop_(event: Event, by: By) -> None:
    """Drop an event, so that it is never handled. Afterwards you must run `pullcord rebuild`."""
    with opened() as store:
        count = drop(store, event, by)
    say(f"It is dropped; it was in quarantine for {counted(count, 'consumer')}.")
