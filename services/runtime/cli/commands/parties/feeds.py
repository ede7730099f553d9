from __future__ import annotations

from typing import Annotated, Final

import typer

from services.core.errors import RefusedError
from services.runtime.cli.support.help_texts import examples, group
from services.runtime.cli.support.open_deployment import find_feed, opened
from services.runtime.cli.support.output import ago, cell, escaped, out, plain, say, table
from services.runtime.cli.support.store import live_rows
from services.storage.feeds import Kind, add_feed, feed_id_of, list_feeds, set_contact

LONGEST_CONTACT: Final = 200

councils = group("The councils whose registers are matched.")
providers = group("The telecoms providers whose notices are taken.")

Name = Annotated[str, typer.Argument(help="The name people know it by; it stands in alerts.", metavar="NAME")]


@councils.command("add", epilog=examples('pullcord councils add E06000009 "Blackpool Council"'))
def add_council(
    code: Annotated[str, typer.Argument(help="The council's GSS code.", metavar="CODE")],
    name: Name,
) -> None:
    """Add a council. An existing council keeps its name."""
    _add("council", code, name)
    say(f"Next: say whom to tell with `pullcord policy contact add {code.strip().upper()}`.")


@councils.command("list")
def list_councils() -> None:
    """List the councils, and the time of the last data from each council."""
    _list("council")


@providers.command("add", epilog=examples('pullcord providers add RAVN "Raven Telecom"'))
def add_provider(
    code: Annotated[str, typer.Argument(help="The provider's four-letter RCPID.", metavar="CODE")],
    name: Name,
) -> None:
    """Add a provider. An existing provider keeps its name."""
    _add("provider", code, name)
    say(
        "Next: give it a key with "
        f"`pullcord keys create --role provider --feed {code.strip().upper()} --label TEXT`, or import a file."
    )


@providers.command(
    "contact", epilog=examples('pullcord providers contact RAVN "migration desk, migrations@raven.example"')
)
def contact_of_provider(
    code: Annotated[str, typer.Argument(help="The provider's four-letter RCPID.", metavar="CODE")],
    contact: Annotated[
        str, typer.Argument(help="How a council reaches it about a line; nobody's private number.", metavar="TEXT")
    ],
) -> None:
    """Set the contact that councils can ask about a provider's lines. Cases of the provider show this contact."""
    told = plain(contact).strip()
    if not told or len(told) > LONGEST_CONTACT:
        raise RefusedError(f"give the contact in 1 to {LONGEST_CONTACT} signs, such as a mailbox or a desk's number")
    with opened() as store:
        with store.reading() as connection:
            feed = find_feed(connection, "provider", code)
        set_contact(store, feed.feed_id, told)
    say(f"{escaped(feed.name)} is reached by {escaped(told)}.")


@providers.command("list")
def list_providers() -> None:
    """List the providers, and the time of the last data from each provider."""
    _list("provider")


def _add(kind: Kind, code: str, name: str) -> None:
    if not plain(name).strip():
        raise RefusedError(f"the {kind} needs a name: people read it in alerts")
    with opened() as store:
        with store.reading() as connection:
            known = {feed.feed_id: feed.name for feed in list_feeds(connection, kind)}
        feed_id = feed_id_of(kind, code)
        add_feed(store, kind, code, plain(name).strip())
    done = "is already known as" if feed_id in known else "is now known as"
    say(f"The {kind} {feed_id.partition(':')[2]} {done} {escaped(known.get(feed_id, name)).strip()}.")


def _list(kind: Kind) -> None:
    with opened() as store:
        with store.reading() as connection:
            feeds = list_feeds(connection, kind)
            live = live_rows(connection)
        now = store.now()
    if not feeds:
        say(f"No {kind} is known yet: `pullcord {kind}s add CODE NAME` makes one known.")
        return
    held = "Entries" if kind == "council" else "Notices"
    shown = table("Code", "Name", "Last heard", held, right=(held,))
    for feed in feeds:
        heard = ago(feed.last_heard_at, now)
        shown.add_row(cell(feed.code), cell(feed.name), heard, f"{live.get(feed.feed_id, 0):,}")
    out().print(shown)
