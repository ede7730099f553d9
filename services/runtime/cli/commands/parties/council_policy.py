from __future__ import annotations

from getpass import getuser
from typing import Annotated, NamedTuple

import typer

from services.alerts.policies.policy_change import CasesLaterError, PolicyChange, change_policy
from services.alerts.policy.councils import Council, load_council, with_nation
from services.alerts.policy.policy import CouncilPolicy
from services.alerts.policy.rota.cover_warnings import cover_warnings
from services.alerts.states.rules import load_ruleset
from services.core.errors import RefusedError
from services.runtime.cli.support.open_deployment import find_feed
from services.runtime.cli.support.output import complain, counted, escaped, note
from services.runtime.settings import Settings
from services.storage.store import Store

CouncilCode = Annotated[str, typer.Argument(help="The council's GSS code.", metavar="COUNCIL")]
By = Annotated[str | None, typer.Option(help="Who decided it; the account you are signed in with if absent.")]
ConfirmLater = Annotated[
    int | None,
    typer.Option(
        "--confirm-later",
        min=0,
        metavar="N",
        help="Agree that the next message about exactly so many open cases comes later than now.",
    ),
]


class SavedPolicy(NamedTuple):
    version: int
    # A sentence on the changed cases.
    touched: str


def saved(store: Store, council: Council, policy: CouncilPolicy, by: str | None, confirmed: int | None) -> SavedPolicy:
    """Save the council's new policy.

    Raises RefusedError if nobody would get messages, or if the number of delayed cases is not confirmed.
    """
    # `confirmed` must be the number of open cases with later messages under the new policy.
    settings = Settings()
    made = PolicyChange(council, policy, by or getuser(), confirmed, has_fallback=bool(settings.fallback_routes))
    try:
        done = change_policy(store, load_ruleset(settings.ruleset), made)
    except CasesLaterError as error:
        raise RefusedError(f"{error}. If this is right, give --confirm-later {error.later}") from None
    return SavedPolicy(done.version, _told_otherwise(done.touched))


def show_warnings(store: Store, council: Council, policy: CouncilPolicy) -> None:
    for warning in cover_warnings(with_nation(policy, council.feed_id), store.now()):
        note(f"Warning: {warning.text}")


def _told_otherwise(touched: int) -> str:
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
