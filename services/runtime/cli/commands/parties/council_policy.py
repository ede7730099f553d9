"""What the commands on a council's policy and contacts share."""

from __future__ import annotations

from typing import Annotated

import typer

from services.alerts.delivery.contacts.removal import apply_policy
from services.alerts.policy.councils import Council, load_council
from services.alerts.states.rules import load_ruleset
from services.runtime.cli.support.open_deployment import find_feed
from services.runtime.cli.support.output import complain, counted, escaped
from services.runtime.settings import Settings
from services.storage.store import Store

CouncilCode = Annotated[str, typer.Argument(help="The council's GSS code.", metavar="COUNCIL")]
By = Annotated[str | None, typer.Option(help="Who decided it; the account you are signed in with if absent.")]


def recomputed(store: Store, council: Council) -> str:
    """Apply a new policy to all open cases of a council. Return what it changed, as a sentence."""
    # Each case stores the time of its next review. A new policy may need an earlier time.
    touched = apply_policy(store, load_ruleset(Settings().ruleset), council.feed_id)
    if not touched:
        return "No open case is told at another time by it."
    return f"{counted(touched, 'open case')} {'is' if touched == 1 else 'are'} told at another time by it."


def find_council_of(store: Store, code: str) -> Council:
    with store.reading() as connection:
        found = load_council(connection, store, find_feed(connection, "council", code).feed_id)
    if found.damaged:
        complain(
            f"the stored policy of {found.name} is damaged: the defaults hold, and its alerts go to the operator "
            "until a policy is set anew"
        )
    return found


def name_of(council: Council) -> str:
    return escaped(council.name)
