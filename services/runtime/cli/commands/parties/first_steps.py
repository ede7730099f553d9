from __future__ import annotations

from getpass import getuser

from services.alerts.policy.councils import load_council, set_policy
from services.core.errors import RefusedError
from services.runtime.cli.commands.parties.contacts import read_typed, show_understood
from services.runtime.cli.commands.parties.policy_files import new_addresses, with_contact
from services.runtime.cli.support.output import escaped, plain, say
from services.runtime.settings import Settings
from services.storage.feeds import Feed, Kind, add_feed, feed_id_of, list_feeds
from services.storage.store import Store

TIER, PERSON = "duty", "duty desk"


def add_sender(store: Store, kind: Kind, code: str, name: str | None, *, dry: bool) -> None:
    """Add a council or a provider. Do nothing if the sender is already known, or if `name` is None.

    Raises RefusedError if the run is dry and the sender is new, or if the name of a new sender is blank.
    """
    if name is None:
        return
    feed_id, told = feed_id_of(kind, code), plain(name).strip()
    with store.reading() as connection:
        known = any(feed.feed_id == feed_id for feed in list_feeds(connection, kind))
    if known:
        return
    if not told:
        raise RefusedError(f"the {kind} needs a name: people read it in alerts")
    if dry:
        raise RefusedError(f"the {kind} is not known yet, and a dry run adds nothing: `pullcord {kind}s add` adds it")
    add_feed(store, kind, code, told)
    say(f"The {kind} {feed_id.partition(':')[2]} is now known as {escaped(told)}.")


def tell_somebody(store: Store, feed: Feed, typed: str) -> None:
    given = read_typed(typed, None)
    with store.reading() as connection:
        before = load_council(connection, store, feed.feed_id).policy
    known = [(one.channel, one.address.get_secret_value()) for tier in before.tiers for one in tier.contacts]
    if known == [given]:
        return
    if known:
        raise RefusedError("the council has contacts already: `pullcord policy contact add` adds another")
    made = with_contact(before, TIER, None, PERSON, given)
    # Checked before anything is written, so that a refused address changes nothing.
    shown = list(new_addresses(made, before))
    set_policy(store, feed.feed_id, made, getuser())
    for person, where in shown:
        show_understood(person, where)
    settings = Settings()
    if settings.public_url is None:
        say(
            f"[yellow]Links in alerts lead to http://{settings.host}:{settings.port}, which only this machine "
            "reaches:[/] set PULLCORD_PUBLIC_URL, or run `pullcord init` on a terminal, which asks for it."
        )
