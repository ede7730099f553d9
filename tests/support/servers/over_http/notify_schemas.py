"""JSON Schemas from the REST documentation of GOV.UK Notify (docs.notifications.service.gov.uk)."""

from __future__ import annotations

from typing import Any

_UUID = {
    "type": "string",
    "pattern": "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
}
_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
_ADDRESS_LINES = tuple(f"address_line_{number}" for number in range(1, 8))


def _request(required: tuple[str, ...], **fields: Any) -> dict[str, Any]:
    common = {"template_id": _UUID, "personalisation": _TEXTS, "reference": {"type": "string", "maxLength": 1_000}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "required": ["template_id", *required],
        "properties": {**common, **fields},
        "additionalProperties": False,
    }


# The schema of the body of each request that sends a message, by the last part of its path.
SENDING = {
    "sms": _request(
        ("phone_number",),
        phone_number={"type": "string", "pattern": r"^\+?[0-9 ()-]{7,20}$"},
        sms_sender_id=_UUID,
    ),
    "email": _request(
        ("email_address",),
        email_address={"type": "string", "pattern": "^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", "maxLength": 320},
        email_reply_to_id=_UUID,
        one_click_unsubscribe_url={"type": "string", "pattern": "^https://"},
    ),
    "letter": _request(
        ("personalisation",),
        personalisation={
            **_TEXTS,
            "required": list(_ADDRESS_LINES[:3]),
            "properties": {line: {"type": "string", "pattern": "^[^@()=\\[\\]”\\\\/,<>]"} for line in _ADDRESS_LINES},
        },
    ),
}

# The schema of the query of a search. Each value is a list, as a parameter may be given twice.
SEARCH = {
    "type": "object",
    "properties": {
        "reference": {"type": "array", "items": {"type": "string"}, "maxItems": 1},
        "template_type": {"type": "array", "items": {"enum": ["sms", "email", "letter"]}},
        "status": {"type": "array", "items": {"type": "string"}},
        "older_than": {"type": "array", "items": _UUID, "maxItems": 1},
        "include_jobs": {"type": "array", "items": {"type": "string"}},
    },
    "additionalProperties": False,
}

_MOMENT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"}

# The schema of the body of a callback with a delivery receipt.
CALLBACK = {
    "type": "object",
    "required": ["id", "reference", "to", "status", "created_at", "completed_at", "sent_at", "notification_type"],
    "properties": {
        "id": _UUID,
        "reference": {"type": ["string", "null"]},
        "to": {"type": "string"},
        "status": {"enum": ["delivered", "permanent-failure", "temporary-failure", "technical-failure"]},
        "created_at": _MOMENT,
        "completed_at": {**_MOMENT, "type": ["string", "null"]},
        "sent_at": {**_MOMENT, "type": ["string", "null"]},
        "notification_type": {"enum": ["sms", "email"]},
        "template_id": _UUID,
        "template_version": {"type": "integer"},
    },
    "additionalProperties": False,
}
