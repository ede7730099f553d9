from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final

import typer
from rich.text import Text

from services.core.errors import RefusedError
from services.runtime.cli.support.help_texts import examples, group
from services.runtime.cli.support.open_deployment import opened
from services.runtime.cli.support.output import cell, local_time, note, out, plain, say, show_json, table
from services.storage.feeds import Kind, feed_id_of
from services.storage.secrets.keys import LASTS, KeyListing, Role, create_key, list_keys, revoke_key

app = group("The keys that let providers and councils in over HTTP.")

# Two years. After this time at most, somebody must decide again if the key is needed.
MOST_DAYS: Final = 730
# A key that ends within this time is highlighted. The alert `PullcordKeyNearExpiry` uses the same time.
SOON: Final = timedelta(days=30)

# The roles whose key belongs to a feed.
_FEED_KINDS: dict[Role, Kind] = {Role.PROVIDER: "provider", Role.COUNCIL: "council"}


@app.command(
    epilog=examples(
        'pullcord keys create --role provider --feed RAVN --label "Raven production"',
        'pullcord keys create --role council --feed E06000009 --label "telecare team" --days 90',
        note="The key alone goes to stdout, so that it can be piped into a secret store.",
    )
)
def create(
    role: Annotated[Role, typer.Option(help="Whom the key speaks for.")],
    label: Annotated[str, typer.Option(help="What it is for; it stands in `keys list`.")],
    feed: Annotated[
        str | None, typer.Option(help="The provider's RCPID or the council's GSS code; not for the other roles.")
    ] = None,
    days: Annotated[int, typer.Option(help=f"How many days it is good for, 1 to {MOST_DAYS}.")] = LASTS.days,
) -> None:
    """Make an API key and show it. The key cannot be shown again, because only a hash is stored."""
    if not plain(label).strip():
        raise RefusedError("the key needs a label: say what it is for")
    if not 1 <= days <= MOST_DAYS:
        raise RefusedError(f"a key is good for 1 to {MOST_DAYS} days: make a new one before it ends")
    with opened() as store:
        # The time is read before the key is made, so that the time shown is never later than the key's end.
        lasts, began = timedelta(days=days), store.now()
        key = create_key(store, role, _feed_id(role, feed), plain(label).strip(), lasts=lasts)
    # On stderr, so that stdout holds the key alone and can be piped.
    note(f"Keep this key now: it cannot be shown again. It is good until {local_time(began + lasts)}.")
    typer.echo(key)


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False) -> None:
    """List the keys, the oldest first. The secret parts are not shown, because only hashes are stored."""
    with opened() as store:
        found, now = list_keys(store), store.now()
    if as_json:
        # The hash of a key is not shown either.
        show_json([_as_json(key) for key in found])
        return
    if not found:
        say("There is no key yet: `pullcord keys create` makes one.")
        return
    shown = table("Key", "Role", "Feed", "Label", "Made", "Ends", "Revoked", whole=("Key",))
    for key in found:
        made, revoked = local_time(key.created_at), cell(local_time(key.revoked_at) if key.revoked_at else "", "red")
        shown.add_row(key.key_id, key.role, _code(key.feed_id), cell(key.label), made, _ends(key, now), revoked)
    out().print(shown)


@app.command(epilog=examples("pullcord keys revoke 3f9a1c20d4e7"))
def revoke(
    key: Annotated[str, typer.Argument(help="The key's id, as `keys list` shows it.", metavar="ID")],
) -> None:
    """Revoke a key, at once and for good."""
    with opened() as store:
        revoke_key(store, key)
    say("The key no longer lets anybody in.")


def _feed_id(role: Role, code: str | None) -> str | None:
    if code is None:
        return None
    if role not in _FEED_KINDS:
        raise RefusedError(f"a {role} key belongs to no feed: leave out --feed")
    return feed_id_of(_FEED_KINDS[role], code)


def _ends(key: KeyListing, now: datetime) -> Text:
    # A colour asks for action, so a revoked key gets none.
    left = key.expires_at - now
    urgent = "red" if left <= timedelta() else "yellow" if left < SOON else ""
    return cell(local_time(key.expires_at), "" if key.revoked_at else urgent)


def _code(feed_id: str | None) -> str:
    return feed_id.partition(":")[2] if feed_id else ""


def _as_json(key: KeyListing) -> dict[str, object]:
    return {
        "key": key.key_id,
        "role": key.role.value,
        "feed": key.feed_id,
        "label": key.label,
        "created_at": key.created_at.isoformat(),
        "expires_at": key.expires_at.isoformat(),
        "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
    }
