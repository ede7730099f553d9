"""`pullcord policy`: shows and sets a council's policy: the times of alerts, and the contacts that are alerted."""

from __future__ import annotations

import sys
from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer

from services.alerts.case.recompute import recompute
from services.alerts.delivery.channels.registry import EXAMPLE_ROUTE
from services.alerts.policy.councils import Council, load_council, set_policy
from services.alerts.policy.policy import CouncilPolicy
from services.alerts.states.rules import load_ruleset
from services.runtime.bootstrap import make_parts
from services.runtime.cli.commands.parties.contacts import show_understood, to_route
from services.runtime.cli.commands.parties.policy_files import new_routes, read_policy, understood, with_contact
from services.runtime.cli.commands.parties.sending_tests import send_tests
from services.runtime.cli.support.help_texts import examples, group
from services.runtime.cli.support.open_deployment import find_feed, opened
from services.runtime.cli.support.output import HOUR, cell, complain, counted, escaped, out, pairs, say, span, table
from services.runtime.settings import Settings
from services.storage.store import Store

app = group(
    "When a council is told, whom, and how often. Every number is the deployment's own: no source prescribes one."
)
contact = group("The people and places that are told.")
app.add_typer(contact, name="contact")

CouncilCode = Annotated[str, typer.Argument(help="The council's GSS code.", metavar="COUNCIL")]
By = Annotated[str | None, typer.Option(help="Who decided it; the account you are signed in with if absent.")]


@app.command(
    epilog=examples("pullcord policy show E06000009", "pullcord policy show E06000009 --json > blackpool.json")
)
def show(
    council: CouncilCode,
    as_json: Annotated[bool, typer.Option("--json", help="As a file to change and give to `policy set`.")] = False,
) -> None:
    """Show a council's policy, without routes. A route is shown only once, to the person who enters it."""
    with opened() as store:
        found = _council(store, council)
    if as_json:
        typer.echo(found.policy.model_dump_json(indent=2))
        return
    _print(found)


@app.command("set", epilog=examples("pullcord policy set E06000009 blackpool.json"))
def set_(
    council: CouncilCode,
    file: Annotated[Path, typer.Argument(help="The policy as JSON; `policy show --json` writes one.", metavar="FILE")],
    by: By = None,
) -> None:
    """Replace a council's policy with the policy in a file. A route written as ******** keeps its stored value."""
    with opened() as store:
        found = _council(store, council)
        # Masked routes are filled in from the policy that this one replaces.
        made = read_policy(file.read_bytes(), found.policy)
        version = set_policy(store, found.feed_id, made, by or getuser())
        touched = _recomputed(store, found)
    say(f"{_name(found)} now has version {version} of its policy. {touched}")
    for label, where in new_routes(made, found.policy):
        show_understood(label, where)


@contact.command(
    "add",
    epilog=examples(
        'pullcord policy contact add E06000009 "Jo Bloggs <jo@council.example>"',
        'pullcord policy contact add E06000009 "07700 900123" --label "duty mobile"',
        'pullcord policy contact add E06000009 --tier duty --from-days 56 --label "duty desk"',
        note="Without a contact it asks for one, or reads it from a pipe, so that it stays out of the shell's history: "
        "a mail address, a telephone number, or an "
        f"Apprise address with one target, such as {EXAMPLE_ROUTE}. "
        "It then shows whom it understood, and never the password: read the address letter by letter.",
    ),
)
def add(
    council: CouncilCode,
    who: Annotated[
        str | None, typer.Argument(help="Who is told: a mail address, or a telephone number.", metavar="CONTACT")
    ] = None,
    label: Annotated[str, typer.Option(help="What to call it in lists and logs; nobody's name.")] = "duty desk",
    tier: Annotated[str, typer.Option(help="The tier it joins, or that is made for it.")] = "duty",
    from_days: Annotated[
        int | None,
        typer.Option(min=0, help="The tier is told from so many days before the harmful day; 56 if the tier is new."),
    ] = None,
    route: Annotated[
        str | None,
        typer.Option(help="Where it is reached: an Apprise address with one target; asked for if absent."),
    ] = None,
    by: By = None,
) -> None:
    """Add a contact to a council's policy, or change the route of a contact."""
    with opened() as store:
        found = _council(store, council)
        given = to_route(who or route or _asked_for_route())
        # Checked before anything is written, so that a refused route changes nothing.
        where = understood(tier, label, given)
        made = with_contact(found.policy, tier, from_days, label, given)
        version = set_policy(store, found.feed_id, made, by or getuser())
        touched = _recomputed(store, found)
    joined = f"{escaped(label)} is told in the tier {escaped(tier)}"
    say(f"{_name(found)} now has version {version} of its policy; {joined}. {touched}")
    show_understood(label, where)


@contact.command(
    "test",
    epilog=examples(
        "pullcord policy contact test E06000009", 'pullcord policy contact test E06000009 --label "duty desk"'
    ),
)
def send_test(
    council: CouncilCode,
    label: Annotated[str | None, typer.Option(help="Only the contact of this label.", metavar="TEXT")] = None,
) -> None:
    """Send a test message to a council's contacts now, and show each result. The message names nobody at risk.

    The exit code is 1 if a message was not accepted by the receiving server or service.
    """
    settings = Settings()
    with opened(settings) as store:
        found = _council(store, council)
        results = send_tests(make_parts(settings, store), found, label)
    for result in results:
        out().print(cell(f"{result.label}: {result.outcome}", "" if result.accepted else "red"), soft_wrap=True)
    if not all(result.accepted for result in results):
        raise typer.Exit(1)


def _recomputed(store: Store, council: Council) -> str:
    # Each case stores the time of its next review. A new policy may need an earlier time.
    touched = recompute(store, load_ruleset(Settings().ruleset), council.feed_id)
    if not touched:
        return "No open case is told at another time by it."
    return f"{counted(touched, 'open case')} {'is' if touched == 1 else 'are'} told at another time by it."


def _asked_for_route() -> str:
    # It is typed without echo, or piped in, because a route may hold a password.
    if sys.stdin.isatty():
        return str(typer.prompt("Mail address, telephone number or Apprise address (not shown)", hide_input=True))
    return sys.stdin.readline().strip()


def _council(store: Store, code: str) -> Council:
    with store.reading() as connection:
        found = load_council(connection, store, find_feed(connection, "council", code).feed_id)
    if found.damaged:
        complain(
            f"the stored policy of {found.name} is damaged: the defaults hold, and its alerts go to the operator "
            "until a policy is set anew"
        )
    return found


def _name(council: Council) -> str:
    return escaped(council.name)


def _print(council: Council) -> None:
    policy = council.policy
    quiet = (
        f"{policy.quiet_from:%H:%M} to {policy.quiet_until:%H:%M}; not from {policy.quiet_override_days} days before"
    )
    # Version 0 means that the council never had its own policy.
    version = f"version {council.version}" if council.version else "the defaults hold"
    out().print(cell(f"{council.name}, {version}", "bold"))
    out().print(
        pairs(
            [
                ("Told", f"{_days(policy.thresholds)} days before the harmful day"),
                ("Possible matches", f"{_days(policy.possible_thresholds)} days before"),
                ("Repeated", _repeats(policy)),
                ("Nobody answers", _silence(policy)),
                ("Acknowledged", f"pauses for {_hours(policy.acknowledgement_hours)} at most"),
                ("Quiet", quiet),
            ]
        )
    )
    shown = table("Tier", "From", "Contact", "Reached by")
    for tier in policy.tiers:
        for one in tier.contacts:
            # Only the scheme: the rest may be an address or a password.
            way = one.route.get_secret_value().partition("://")[0]
            shown.add_row(cell(tier.label), f"{tier.from_days} days", cell(one.label), cell(way))
    if shown.row_count:
        out().print(shown)
    else:
        code = council.feed_id.partition(":")[2]
        say("", f"[red]Nobody is told yet.[/] Add somebody with `pullcord policy contact add {code}`.")


def _days(thresholds: tuple[int, ...]) -> str:
    return ", ".join(map(str, thresholds))


def _repeats(policy: CouncilPolicy) -> str:
    # Thresholds with the same interval are listed together.
    found: dict[int, list[int]] = {}
    for days in policy.thresholds:
        found.setdefault(policy.repeat_days[days], []).append(days)
    return "; ".join(f"every {_working(count)} from {_days(tuple(days))} days" for count, days in found.items())


def _silence(policy: CouncilPolicy) -> str:
    return (
        f"the next tier after {policy.silence_urgent_minutes} minutes (overdue, moved or restricted), "
        f"{_working(policy.silence_near_days)} (from {policy.near_days} days before), or "
        f"{counted(policy.silence_far_messages, 'message')}; then the operator of Pullcord"
    )


def _working(days: int) -> str:
    return counted(days, "working day")


def _hours(hours: int) -> str:
    # A multiple of 24 hours reads better in days.
    return span(hours * HOUR) if hours % 24 == 0 else counted(hours, "hour")
