from __future__ import annotations

import sys
from getpass import getuser
from typing import Annotated

import typer

from services.alerts.delivery.contacts.verification import verify_contact
from services.alerts.policy.contacts import Contact
from services.alerts.policy.councils import Council
from services.core.errors import RefusedError
from services.runtime.bootstrap import make_parts
from services.runtime.cli.commands.parties.contacts import read_typed, show_understood
from services.runtime.cli.commands.parties.council_policy import (
    By,
    ConfirmLater,
    CouncilCode,
    find_council_of,
    name_of,
    saved,
)
from services.runtime.cli.commands.parties.policy_files import new_addresses, with_contact, without_person
from services.runtime.cli.commands.parties.sending_tests import contacts_of, send_code, send_tests
from services.runtime.cli.support.help_texts import examples, group
from services.runtime.cli.support.open_deployment import opened
from services.runtime.cli.support.output import cell, escaped, out, say
from services.runtime.settings import Settings

contact = group("The people and places that are told.")

OnePerson = Annotated[str, typer.Option(help="The contact as it is called in lists.")]
OneChannel = Annotated[str | None, typer.Option(help="Only the contact of this channel, such as email.")]


@contact.command(
    "add",
    epilog=examples(
        'pullcord policy contact add E06000009 "Jo Bloggs <jo@council.example>"',
        'pullcord policy contact add E06000009 "07700 900123" --person "duty mobile"',
        'pullcord policy contact add E06000009 --tier duty --from-days 56 --person "duty desk"',
        note="Without a contact it asks for one, or reads it from a pipe, so that it stays out of the shell's history: "
        "a mail address, a UK telephone number, the https address of a webhook with its secret, or, with --channel, "
        "the address that another service asks for. "
        "It then shows whom it understood, and never a password: read the address letter by letter.",
    ),
)
def add(
    council: CouncilCode,
    who: Annotated[
        str | None, typer.Argument(help="Who is told: a mail address, or a telephone number.", metavar="CONTACT")
    ] = None,
    person: Annotated[str, typer.Option(help="What to call it in lists and logs; nobody's name.")] = "duty desk",
    channel: Annotated[
        str | None,
        typer.Option(
            help="How it is reached: email, sms, notify_email, notify_sms, notify_letter, webhook, or the "
            "scheme of an Apprise service that is allowed here; told by the address if absent."
        ),
    ] = None,
    tier: Annotated[str, typer.Option(help="The tier it joins, or that is made for it.")] = "duty",
    from_days: Annotated[
        int | None,
        typer.Option(min=0, help="The tier is told from so many days before the harmful day; 56 if the tier is new."),
    ] = None,
    confirm_later: ConfirmLater = None,
    by: By = None,
) -> None:
    """Add a contact to a council's policy, or change the address of a contact.

    A person may have one contact for each channel. The contacts of a person are used in the order in which you added
    them.
    """
    with opened() as store:
        found = find_council_of(store, council)
        given = read_typed(who or _asked_for_address(), channel)
        made = with_contact(found.policy, tier, from_days, person, given)
        # Checked before anything is written, so that a refused address changes nothing.
        shown = list(new_addresses(made, found.policy))
        done = saved(store, found, made, by, confirm_later)
    joined = f"{escaped(person)} is told in the tier {escaped(tier)}"
    say(f"{name_of(found)} now has version {done.version} of its policy; {joined}. {done.touched}")
    for label, where in shown:
        show_understood(label, where)


@contact.command("remove", epilog=examples('pullcord policy contact remove E06000009 --person "duty mobile"'))
def remove(
    council: CouncilCode,
    person: OnePerson,
    channel: OneChannel = None,
    confirm_later: ConfirmLater = None,
    by: By = None,
) -> None:
    """Remove the contacts of a person from all tiers of a council's policy."""
    with opened() as store:
        found = find_council_of(store, council)
        made = without_person(found.policy, person, channel)
        done = saved(store, found, made, by, confirm_later)
    say(f"{name_of(found)} now has version {done.version} of its policy; {escaped(person)} is gone. {done.touched}")


@contact.command(
    "test",
    epilog=examples(
        "pullcord policy contact test E06000009", 'pullcord policy contact test E06000009 --person "duty desk"'
    ),
)
def send_test(
    council: CouncilCode,
    person: Annotated[str | None, typer.Option(help="Only the contacts of this person.", metavar="TEXT")] = None,
) -> None:
    """Send a test message to a council's contacts now, and show each result. The message names nobody at risk.

    The exit code is 1 if a receiving server or service did not accept a message.
    """
    settings = Settings()
    with opened(settings) as store:
        found = find_council_of(store, council)
        results = send_tests(make_parts(settings, store), found, person)
    for result in results:
        out().print(cell(f"{result.person}: {result.outcome}", "" if result.accepted else "red"), soft_wrap=True)
    if not all(result.accepted for result in results):
        raise typer.Exit(1)


@contact.command(
    "code",
    epilog=examples(
        'pullcord policy contact code E06000009 --person "duty desk"',
        note="Whoever reads the address gives the code back, and `pullcord policy contact verify` takes it.",
    ),
)
def send_code_(council: CouncilCode, person: OnePerson, channel: OneChannel = None) -> None:
    """Send a code to a contact now, to verify the contact's address.

    Until the address is verified, other people also get the contact's messages, in case nobody reads the messages to
    this address.
    """
    settings = Settings()
    with opened(settings) as store:
        found = find_council_of(store, council)
        result = send_code(make_parts(settings, store), found, _one(found, person, channel))
        minutes = store.policy.contact_code_minutes
    out().print(cell(f"{result.person}: {result.outcome}", "" if result.accepted else "red"), soft_wrap=True)
    if not result.accepted:
        raise typer.Exit(1)
    say(f"The code works for {minutes} minutes: `pullcord policy contact verify` takes it.")


@contact.command("verify", epilog=examples('pullcord policy contact verify E06000009 123456 --person "duty desk"'))
def verify(
    council: CouncilCode,
    code: Annotated[str, typer.Argument(help="The six digits that the contact was sent.", metavar="CODE")],
    person: OnePerson,
    channel: OneChannel = None,
    by: By = None,
) -> None:
    """Verify a contact's address. The code is in the message that `pullcord policy contact code` sent."""
    with opened() as store:
        found = find_council_of(store, council)
        verify_contact(store, found.feed_id, _one(found, person, channel), code, by or getuser())
    say(f"{escaped(person)} is verified.")


def _one(council: Council, person: str, channel: str | None) -> Contact:
    chosen = contacts_of(council, person.strip(), channel)
    if len(chosen) > 1:
        raise RefusedError("this person has several addresses: name one with --channel")
    return chosen[0]


def _asked_for_address() -> str:
    # It is typed without echo, or piped in, because an address may hold a secret.
    if sys.stdin.isatty():
        return str(typer.prompt("Mail address, telephone number or webhook (not shown)", hide_input=True))
    return sys.stdin.readline().strip()
