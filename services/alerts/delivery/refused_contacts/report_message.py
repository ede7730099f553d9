"""Writes the report about refused contacts. The report names people and channels, never addresses."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from services.alerts.delivery.delivery import OPERATOR_TIER, Delivery
from services.alerts.delivery.refused_contacts.reporting import is_in_policy
from services.alerts.delivery.refused_contacts.store import reported_by
from services.alerts.message.message import Message, template
from services.alerts.message.wording import moment, shown_name
from services.alerts.policy.contacts import ContactChannel
from services.alerts.policy.councils import load_council
from services.storage.store import Store

_WORDS: Final = {
    ContactChannel.EMAIL.value: "mail",
    ContactChannel.SMS.value: "text message",
    ContactChannel.NOTIFY_EMAIL.value: "mail",
    ContactChannel.NOTIFY_SMS.value: "text message",
    ContactChannel.NOTIFY_LETTER.value: "letter",
    ContactChannel.WEBHOOK.value: "webhook",
    ContactChannel.ROUTE.value: "the address that the operator of Pullcord has set",
}


def refused_contacts_message(connection: Connection, store: Store, delivery: Delivery) -> Message | None:
    """Return None if no contact is left to report."""
    council = load_council(connection, store, delivery.feed_id)
    refused = [
        one for one in reported_by(connection, delivery.alert_pk) if is_in_policy(council.policy, store.tokeniser, one)
    ]
    if not refused:
        return None
    count = "1 contact" if len(refused) == 1 else f"{len(refused)} contacts"
    contacts = [
        {
            "person": shown_name(one.person),
            "channel": _WORDS.get(one.channel, shown_name(one.channel)),
            "at": moment(one.refused_at),
        }
        for one in refused
    ]
    alert = delivery.alert
    context = {
        "alert": alert,
        "contacts": contacts,
        "count": count,
        "council": shown_name(council.name),
        "to_operator": delivery.tier == OPERATOR_TIER,
    }
    text, html = (template(f"contacts/refused.{form}.j2", context) for form in ("txt", "html"))
    return Message(f"Pullcord: {count} of {context['council']} cannot be reached [{alert}]", text, html)
