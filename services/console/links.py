from __future__ import annotations

import re
from datetime import timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection

from services.alerts.case.store.links import AlertRef, SentLink, alerts_replaced_by, find_sent_link, is_replaced
from services.alerts.delivery.contacts.still_contacts import SentAddress, is_still_contact
from services.alerts.policy.councils import load_council
from services.alerts.review.withdrawal import is_about_withdrawal
from services.console.link_problems import LinkProblem
from services.core.tokens import LinkPurpose
from services.storage.store import Store

# The reference of an alert, a dot and the code. Anything else is no link, and is not searched for.
_TOKEN: Final = re.compile(r"(A-[0-9A-Z]{4}-[0-9A-Z]{4})\.([0-9A-Za-z_-]{22})", re.ASCII)


class Link(NamedTuple):
    # The alert of the link's message first, then earlier alerts whose links have ended.
    alerts: tuple[AlertRef, ...]
    council: str
    contact: str  # the label of the contact that the link was sent to
    delivery: int

    @property
    def pk(self) -> int:
        return self.alerts[0].pk

    @property
    def reference(self) -> str:
        return self.alerts[0].reference


def follow(
    connection: Connection, store: Store, token: str, purpose: LinkPurpose, lasts: timedelta
) -> Link | LinkProblem:
    """Return the link with this token, or the reason why the link does not work.

    `lasts` is the longest time for which a link works after its message.
    """
    parts = _TOKEN.fullmatch(token)
    if parts is None:
        return LinkProblem.UNKNOWN
    alert, code = parts.groups()
    # Only the keyed hash is compared. Nobody without the key can choose a code with a hash near the right one.
    sent = find_sent_link(connection, purpose, alert, store.tokeniser.link_hash(purpose, alert, code))
    # A wrong code and a missing alert get the same answer, so that nobody can learn which references exist.
    if sent is None:
        return LinkProblem.UNKNOWN
    problem = _end(connection, store, sent, lasts)
    return problem or Link(_alerts(connection, sent, lasts), sent.council, sent.contact, sent.delivery)


def _alerts(connection: Connection, sent: SentLink, lasts: timedelta) -> tuple[AlertRef, ...]:
    own = AlertRef(sent.alert_pk, sent.alert)
    # The message that nothing is planned any more has ended no link.
    if is_about_withdrawal(sent.reason):
        return (own,)
    # Counted from the message, not from now, so that the list stays the same for as long as the link works.
    return (own, *alerts_replaced_by(connection, sent, sent.sent_at - lasts))


def _end(connection: Connection, store: Store, sent: SentLink, lasts: timedelta) -> LinkProblem | None:
    # An expired link comes before the search for later messages, to bound it.
    problem = end_of_link(connection, store, sent, sent.council, lasts)
    return problem or (LinkProblem.REPLACED if is_replaced(connection, sent) else None)


def end_of_link(
    connection: Connection, store: Store, sent: SentLink, council: str, lasts: timedelta
) -> LinkProblem | None:
    # Returns None while the link works. A newer message is not looked for.
    if sent.revoked:
        return LinkProblem.REVOKED
    address = SentAddress(sent.delivery, sent.tier, sent.contact, sent.channel, sent.address_sealed)
    if not is_still_contact(store, load_council(connection, store, council), address):
        return LinkProblem.REMOVED
    return LinkProblem.EXPIRED if store.now() - sent.sent_at >= lasts else None
