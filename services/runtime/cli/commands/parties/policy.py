from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import typer

from services.alerts.delivery.contacts.verification import verified_contacts
from services.alerts.policy.contacts import Contact
from services.alerts.policy.councils import Council
from services.alerts.policy.policy import CouncilPolicy
from services.runtime.cli.commands.parties.contact_commands import contact
from services.runtime.cli.commands.parties.contacts import show_understood
from services.runtime.cli.commands.parties.council_policy import (
    By,
    ConfirmLater,
    CouncilCode,
    find_council_of,
    name_of,
    saved,
    show_warnings,
)
from services.runtime.cli.commands.parties.policy_files import new_addresses, read_policy
from services.runtime.cli.support.help_texts import examples, group
from services.runtime.cli.support.open_deployment import opened
from services.runtime.cli.support.output import HOUR, cell, counted, out, pairs, say, span, table
from services.storage.store import Store

app = group(
    "When a council is told, whom, and how often. Every number is the deployment's own: no source prescribes one."
)
app.add_typer(contact, name="contact")


@app.command(
    epilog=examples("pullcord policy show E06000009", "pullcord policy show E06000009 --json > blackpool.json")
)
def show(
    council: CouncilCode,
    as_json: Annotated[bool, typer.Option("--json", help="As a file to change and give to `policy set`.")] = False,
) -> None:
    """Show a council's policy without addresses. Only the person who enters an address can see the address."""
    with opened() as store:
        found = find_council_of(store, council)
        verified = _verified(store, found)
    if as_json:
        typer.echo(found.policy.model_dump_json(indent=2))
        return
    _print(found, verified)


@app.command(
    "set",
    epilog=examples(
        "pullcord policy set E06000009 blackpool.json",
        "pullcord policy set E06000009 blackpool.json --confirm-later 12",
    ),
)
def set_(
    council: CouncilCode,
    file: Annotated[Path, typer.Argument(help="The policy as JSON; `policy show --json` writes one.", metavar="FILE")],
    confirm_later: ConfirmLater = None,
    by: By = None,
) -> None:
    """Replace a council's policy with the policy in a file. An address written as ******** keeps its stored value.

    If the new policy delays messages about open cases, you must confirm the number of these cases with
    `--confirm-later`. Hours in the next 90 days without anybody on duty cause only a warning.
    """
    with opened() as store:
        found = find_council_of(store, council)
        # Masked addresses are filled in from the policy that this one replaces.
        made = read_policy(file.read_bytes(), found.policy)
        done = saved(store, found, made, by, confirm_later)
        show_warnings(store, found, made)
    say(f"{name_of(found)} now has version {done.version} of its policy. {done.touched}")
    for person, where in new_addresses(made, found.policy):
        show_understood(person, where)


def _verified(store: Store, council: Council) -> frozenset[Contact]:
    every = council.policy.every_contact
    with store.reading() as connection:
        return verified_contacts(connection, store.tokeniser, council.feed_id, every)


def _print(council: Council, verified: Collection[Contact]) -> None:
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
    shown = table("Tier", "From", "Contact", "Reached by", "Verified")
    for tier in policy.tiers:
        for one in tier.contacts:
            mark = cell("yes", "green") if one in verified else cell("not yet", "yellow")
            shown.add_row(cell(tier.label), f"{tier.from_days} days", cell(one.person), cell(one.channel), mark)
    if (night := policy.out_of_hours) is not None:
        mark = cell("yes", "green") if night in verified else cell("not yet", "yellow")
        shown.add_row("out of hours", "", cell(night.person), cell(night.channel), mark)
    if shown.row_count:
        out().print(shown)
    if not any(tier.contacts for tier in policy.tiers):
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
