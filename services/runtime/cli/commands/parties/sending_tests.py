"""Sends a test message to the contacts of a council, in the same way as an alert."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event
from typing import Final

from services.alerts.delivery.channels.contact_routes import contact_route
from services.alerts.delivery.channels.pool import SendJob
from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.delivery.channels.routes import destination_of
from services.alerts.message.message import Message
from services.alerts.policy.councils import Council
from services.alerts.policy.policy import Contact
from services.core.errors import NotFoundError
from services.runtime.bootstrap import Parts

# The reasons of failures in words. Any other reason is a code of the mail server or the service.
REASONS: Final = {
    "timed_out": "no answer in time: perhaps it was taken, perhaps not",
    "connection_refused": "nobody answers at the server: check its name and port",
    "host_not_found": "there is no server of this name",
    "connection_lost": "the server hung up",
    "network_error": "the server cannot be reached from here",
    "tls_failed": "the server and Pullcord do not agree on TLS, or its certificate is not trusted",
    "not_offered_by_server": "the server does not offer what was asked of it, such as TLS or signing in",
    "sign_in_refused": "the server refuses the user name or the password",
    "refused_by_service": "the service refuses it",
}
# Seconds beyond the deadline of a send, in which its result still comes.
GRACE: Final = 5.0


@dataclass(frozen=True, slots=True)
class TestOutcome:
    """The result of a test message to one contact, in words."""

    person: str
    accepted: bool
    outcome: str


def send_tests(parts: Parts, council: Council, person: str | None) -> list[TestOutcome]:
    """Send a test message to each contact of a council. With a person, send only to this person's contacts.

    Raises NotFoundError if the council has no such contact.
    """
    chosen = list(_contacts(council, person))
    if not chosen:
        raise NotFoundError("nobody is told there yet: add somebody with `pullcord policy contact add COUNCIL`")
    try:
        return [_sent(parts, contact, number) for number, contact in enumerate(chosen, start=1)]
    finally:
        parts.pool.close(GRACE)


def _contacts(council: Council, person: str | None) -> Iterator[Contact]:
    for tier in council.policy.tiers:
        yield from (one for one in tier.contacts if person is None or one.person == person.strip())


def _sent(parts: Parts, contact: Contact, number: int) -> TestOutcome:
    route = contact_route(contact, parts.store.policy.services)
    found, done = list[SendResult](), Event()

    def keep(_job: SendJob, result: SendResult) -> None:
        found.append(result)
        done.set()

    message = trial_message(parts.presentation.base_url)
    # No delivery has an id below zero.
    reference = f"TEST-{parts.store.now():%Y%m%dT%H%M%S}.{number}"
    parts.pool.begin(SendJob(-number, destination_of(route), route, message, reference), keep)
    done.wait(parts.settings.delivery_deadline_seconds + GRACE)
    result = found[0] if found else SendResult(SendOutcome.IN_DOUBT, "timed_out")
    accepted = result.outcome is SendOutcome.SENT
    why = REASONS.get(result.reason) or _answered(result.reason)
    return TestOutcome(contact.person, accepted, "accepted by its server" if accepted else f"not accepted: {why}")


def _answered(reason: str) -> str:
    code = reason.removeprefix("smtp_")
    return f"the mail server answers {code}" if code.isdecimal() else reason.replace("_", " ")


def trial_message(base_url: str) -> Message:
    subject = "Test message from Pullcord: nothing to do"
    lines = (
        "This is a test of the way by which Pullcord tells your team about telecare alarms at risk.",
        "No alarm is at risk because of it, and nobody needs to act.",
        f"Links in alerts will begin with {base_url}",
    )
    html = "".join(f"<p>{line}</p>" for line in lines)
    return Message(subject, "\n\n".join(lines) + "\n", f'<!DOCTYPE html><html lang="en-GB"><body>{html}</body></html>')
