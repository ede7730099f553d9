from __future__ import annotations

from services.alerts.delivery.channels.mail.addresses import NoAddressError, read_mailbox
from services.alerts.policy.contacts import Contact, ContactChannel
from services.core.tokens import Tokeniser


def contact_key(tokeniser: Tokeniser, feed_id: str, contact: Contact) -> bytes:
    """Return a keyed digest of the council, person, channel and address."""
    parts = (feed_id, contact.person, contact.channel, _place(contact))
    return tokeniser.digest(b"contact\0" + "\0".join(parts).encode())


def contact_id(key: bytes) -> str:
    # In URLs and in the audit. It tells nothing of the contact.
    return key.hex()


def _place(contact: Contact) -> str:
    address = contact.address.get_secret_value()
    if contact.channel not in (ContactChannel.EMAIL, ContactChannel.NOTIFY_EMAIL):
        return address
    try:
        return read_mailbox(address).address
    except NoAddressError:
        return address
