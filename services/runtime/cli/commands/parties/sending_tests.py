from __future__ import annotations

from dataclasses import dataclass
from getpass import getuser
from threading import Event
from typing import Final

from services.alerts.delivery.channels.contact_routes import contact_route
from services.alerts.delivery.channels.pool import SendJob
from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.delivery.channels.routes import destination_of
from services.alerts.delivery.contacts.trial import note_test
from services.alerts.delivery.contacts.verification import ask_code
from services.alerts.message.contact_messages import code_message, trial_message
from services.alerts.message.message import Message
from services.alerts.policy.councils import Council
from services.alerts.policy.policy import Contact
from services.core.errors import NotFoundError, RefusedError
from services.runtime.bootstrap import Parts
from services.storage.unit_of_work import UnitOfWork

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
class SendingOutcome:
    person: str
    accepted: bool
    outcome: str


def send_tests(parts: Parts, council: Council, person: str | None) -> list[SendingOutcome]:
    """Raises NotFoundError if the person or the council has no contact."""
    chosen = contacts_of(council, person.strip() if person else None)
    for contact in chosen:
        with parts.store.writing() as connection:
            note_test(UnitOfWork(connection, parts.store, parts.store.now()), council.feed_id, contact, getuser())
    message = trial_message(parts.presentation.base_url)
    try:
        return [_sent(parts, contact, message, f"TEST.{number}") for number, contact in enumerate(chosen, start=1)]
    finally:
        parts.pool.close(GRACE)


def send_code(parts: Parts, council: Council, contact: Contact) -> SendingOutcome:
    """Raises TooOftenError if the contact got too many codes and test messages in the last hour."""
    with parts.store.writing() as connection:
        work = UnitOfWork(connection, parts.store, parts.store.now())
        code = ask_code(work, council.feed_id, contact, getuser())
    message = code_message(council.name, code, parts.store.policy.contact_code_minutes)
    try:
        return _sent(parts, contact, message, "CODE.1")
    finally:
        parts.pool.close(GRACE)


def contacts_of(council: Council, person: str | None, channel: str | None = None) -> list[Contact]:
    """Raises NotFoundError if no contact has this person and this channel."""
    found = [
        one for one in council.policy.every_contact if person in (None, one.person) and channel in (None, one.channel)
    ]
    if not found and (person or channel):
        raise NotFoundError("the policy has no such contact: `pullcord policy show COUNCIL` lists them")
    if not found:
        raise NotFoundError("nobody is told there yet: add somebody with `pullcord policy contact add COUNCIL`")
    return list(dict.fromkeys(found))


def _sent(parts: Parts, contact: Contact, message: Message, name: str) -> SendingOutcome:
    try:
        route = contact_route(contact, parts.store.policy.services)
    except RefusedError as error:
        # One channel without its service must not keep the results of the others back.
        return SendingOutcome(contact.person, False, f"not accepted: {error}")
    found, done = list[SendResult](), Event()

    def keep(_job: SendJob, result: SendResult) -> None:
        found.append(result)
        done.set()

    kind, _, number = name.partition(".")
    reference = f"{kind}-{parts.store.now():%Y%m%dT%H%M%S}.{number}"
    # No delivery has an id below zero.
    parts.pool.begin(SendJob(-int(number), destination_of(route), route, message, reference), keep)
    done.wait(parts.settings.delivery_deadline_seconds + GRACE)
    result = found[0] if found else SendResult(SendOutcome.IN_DOUBT, "timed_out")
    accepted = result.outcome is SendOutcome.SENT
    why = REASONS.get(result.reason) or _answered(result.reason)
    return SendingOutcome(contact.person, accepted, "accepted by its server" if accepted else f"not accepted: {why}")


def _answered(reason: str) -> str:
    code = reason.removeprefix("smtp_")
    return f"the mail server answers {code}" if code.isdecimal() else reason.replace("_", " ")
