from __future__ import annotations

from sqlalchemy import Connection

from services.alerts.delivery.contacts.still_contacts import SentAddress, is_still_contact
from services.alerts.delivery.delivery import Delivery
from services.alerts.delivery.digest import Presentation
from services.alerts.delivery.drills.rules import DrillState
from services.alerts.delivery.drills.store import find_drill_of_alert
from services.alerts.message.drill_message import DrillDigest, render_drill
from services.alerts.message.message import Message
from services.alerts.message.unverified import marked_unverified
from services.alerts.policy.councils import load_council
from services.alerts.policy.policy_days import in_office_hours
from services.storage.store import Store


def drill_message(
    connection: Connection, store: Store, presentation: Presentation, delivery: Delivery
) -> Message | None:
    """Return None if the message must not be sent now."""
    drill = find_drill_of_alert(connection, delivery.alert_pk)
    council = load_council(connection, store, drill.feed_id)
    if drill.state is not DrillState.WAITING or not in_office_hours(council.policy, store.now()):
        return None
    address = SentAddress(delivery.pk, delivery.tier, delivery.contact, delivery.channel, delivery.address_sealed)
    if not is_still_contact(store, council, address):
        return None
    digest = DrillDigest(
        reference=drill.reference,
        council=council.name,
        tier=delivery.tier,
        link=presentation.drill_link(drill.reference, delivery.codes.acknowledge),
        created_at=delivery.created_at,
        asked_before=drill.level > 1 and delivery.created_at > drill.started_at,
        monthly=drill.month is not None,
        clock_note=presentation.clock_note,
    )
    message = render_drill(digest)
    return message if delivery.verified else marked_unverified(message)
