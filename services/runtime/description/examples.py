"""The examples in the description of the API. Ofcom reserves their telephone numbers for drama."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from services.web.problem_schemas import MEDIA_TYPE

JSON, NDJSON, CSV = "application/json", "application/x-ndjson", "text/csv"

NOTICE = {
    "id": "m-1",
    "provider_reference": "RT-1",
    "cli": "01632 960123",
    "issued_at": "2026-11-20T09:00:00Z",
    "planned_migration_date": "2027-03-01",
    "restriction_start_date": "2027-01-15",
    "status": "planned",
}
ENTRY = {
    "entry_id": "TC/1001",
    "cli": "01632 960123",
    "uprn": "100012345678",
    "postcode": "FY3 8AB",
    "address_lines": ["12 Tower Road"],
    "updated_at": "2026-11-20T09:00:00Z",
}
OFFICER = {"by": "Asha Patel"}
RECEIPT = {
    "submission": "sub_01a207d99a18d1d3fb5d4f137e8cfae1",
    "kind": "notice",
    "received_at": "2026-11-23T10:00:00Z",
    "counts": {"accepted": 1, "accepted_with_warnings": 0, "unchanged": 0, "stale": 0, "rejected": 1},
}
REJECTED = {
    "row": 2,
    "reference": "RT-2",
    "outcome": "rejected",
    "issues": [
        {
            "field": "cli",
            "code": "scientific_notation",
            "reason": "A spreadsheet has shortened this number.",
            "remedy": "Format the column as text, and type the number again.",
        }
    ],
}
MATCH = {
    "match": "M-7K3M-2Q9P-4XTB-8HWN",
    "level": "possible",
    "reasons": ["area_covers_address"],
    "decision": "undecided",
    "to_check": True,
    "waits": False,
    "provider": "Raven Telecom",
    "provider_reference": "WO-7001",
    "provider_references": ["WO-7001", "WO-7002"],
    "more_references": 0,
    "area": "FY3 8",
    "provider_contact": "migration desk, migrations@raven.example",
    "status": "planned",
    "planned_on": "2027-03-01",
    "restriction_on": None,
    "issued_at": "2026-11-20T09:00:00Z",
}
MATCHES_TO_CHECK = {
    "left": 1,
    "matches": [
        {
            "match": "M-7K3M-2Q9P-4XTB-8HWN",
            "case": "C-7K3M-2Q9P",
            "level": "possible",
            "weight": -1.5,
            "reasons": ["near_address", "numbers_agree", "streets_agree", "sub_unit_missing"],
            "provider": "Raven Telecom",
            "provider_references": ["WO-7001"],
            "harm_on": "2027-01-15",
            "others": 0,
        }
    ],
}
EVENT = {"at": "2026-11-23T10:00:00Z", "action": "case_opened", "fields": {"state": "open"}, "by": None, "record": {}}
CASE = {
    "case": "C-7K3M-2Q9P",
    "entry_id": "TC/1001",
    "state": "open",
    "level": "confirmed",
    "harm_on": "2027-01-15",
    "planned_on": "2027-03-01",
    "restriction_on": "2027-01-15",
    "provider": "Raven Telecom",
    "opened_at": "2026-11-23T10:00:00Z",
    "last_alert_at": "2026-11-23T10:00:31Z",
    "paused_until": None,
}
CONTACT = {
    "contact": "9f1c2ab07d3e4f5a8b6c7d8e9f0a1b2c",
    "person": "duty desk",
    "channel": "email",
    "tiers": ["duty"],
    "verified_at": None,
    "code_ends_at": "2026-11-23T10:15:00Z",
    "code": {"asked_at": "2026-11-23T10:00:00Z", "state": "sent", "reason": "accepted"},
    "test": {"asked_at": "2026-11-23T09:58:00Z", "state": "sent", "reason": "accepted"},
}
DRILL = {
    "drill": "D-7K3M-2Q9P",
    "council": "E06000009",
    "month": "2026-12",
    "state": "waiting",
    "tiers_asked": 1,
    "started_at": "2026-12-01T11:00:04Z",
    "answer_by": "2026-12-02T11:00:04Z",
    "failed_at": None,
    "answered_at": None,
}
PREVIEW = {
    "case": CASE["case"],
    "policy_version": 3,
    "until": "2027-01-22T10:00:00+00:00",
    "assumptions": ["Nobody acts on the case, and no notice and no register entry changes."],
    "messages": [
        {
            "at": "2026-11-30T09:00:00+00:00",
            "reason": "repeat",
            "why": "nobody has acted since the last message",
            "threshold": 56,
            "urgent": False,
            "people": [{"person": "duty desk", "tier": "duty"}],
        }
    ],
    "complete": True,
}
POLICY = {
    "thresholds": [56, 28, 14, 7, 2, 0],
    "tiers": [
        {
            "label": "duty",
            "from_days": 56,
            "contacts": [{"person": "duty desk", "channel": "email", "address": "**********"}],
        }
    ],
}
POLICY_VIEW = {"version": 3, "damaged": False, "policy": POLICY, "warnings": []}
PROBLEM = {
    "type": "urn:pullcord:problem:not-found",
    "title": "Not found",
    "status": 404,
    "detail": "there is no case with this reference",
    "instance": "urn:pullcord:request:0e1f6f2a-9f0b-4b7e-8a55-0c8f2f6d4d10",
    "request_id": "0e1f6f2a-9f0b-4b7e-8a55-0c8f2f6d4d10",
}
# Bodies of requests: by operation, media type and name of the example.
BODIES: dict[str, dict[str, dict[str, Any]]] = {
    "post_notices": {
        JSON: {"one": NOTICE, "batch": {"notices": [NOTICE]}},
        NDJSON: {"one_a_line": json.dumps(NOTICE) + "\n"},
    },
    "put_entries": {
        JSON: {"one": ENTRY, "batch": {"entries": [ENTRY]}},
        NDJSON: {"one_a_line": json.dumps(ENTRY) + "\n"},
    },
    "upload_notices": {CSV: {"file": "Reference,Telephone number,Migration date\r\nRT-1,01632 960123,01/03/2027\r\n"}},
    "upload_register": {CSV: {"file": "Case ID,Telephone number,Postcode\r\nTC/1001,01632 960123,FY3 8AB\r\n"}},
    "record_act": {
        JSON: {
            "visit": {"event": "book_visit", "record": {**OFFICER, "visit_on": "2026-11-26"}},
            "safe": {
                "event": "confirm_safe",
                "record": {**OFFICER, "party": "provider", "evidence": "proved with the engineer"},
            },
        }
    },
    "acknowledge_alert": {JSON: {"some_cases": {**OFFICER, "note": "visiting on Thursday", "cases": [CASE["case"]]}}},
    "replace_policy": {JSON: {"officer": {**OFFICER, "policy": POLICY}}},
    "revoke_alert_link": {JSON: {"officer": OFFICER}},
    "check_contact": {JSON: {"officer": OFFICER}},
    "send_contact_code": {JSON: {"officer": OFFICER}},
    "verify_contact_by_code": {JSON: {"code": {**OFFICER, "code": "123456"}}},
    "take_notify_receipt": {
        JSON: {
            "delivered": {
                "id": "740e5834-3a29-46b4-9a6f-16142fde533a",
                "reference": "A-3F9K-7PQ2.17",
                "status": "delivered",
                "created_at": "2026-11-23T10:00:00.000000Z",
                "completed_at": "2026-11-23T10:00:09.000000Z",
                "sent_at": "2026-11-23T10:00:01.000000Z",
            }
        }
    },
    "start_drill": {JSON: {"officer": OFFICER}},
    "answer_drill": {JSON: {"officer": OFFICER}},
    "decide_on_match": {
        JSON: {"rejected": {**OFFICER, "decision": "rejected", "evidence": "it is the flat next door"}},
    },
}
_TAKEN_IN = {**RECEIPT, "repeated": False, "columns": [], "remarks": [], "rows_with_issues": [REJECTED]}
# Bodies of successful answers: by operation and status.
ANSWERED: dict[tuple[str, str], Any] = {
    ("post_notices", "202"): _TAKEN_IN,
    ("put_entries", "202"): {**_TAKEN_IN, "kind": "entry"},
    ("get_submission", "200"): {**RECEIPT, "remarks": [], "total_rows": 2, "rows": [REJECTED], "next_cursor": None},
    ("list_mappings", "200"): [
        {"what": "column", "word": "lifelineno", "target": "entry_id", "mapped_at": "2026-11-23T10:00:00Z"},
        {"what": "status", "word": "bf", "target": "ended", "mapped_at": "2026-11-23T10:00:00Z"},
    ],
    ("list_cases", "200"): [CASE],
    ("list_contacts", "200"): {"contacts": [CONTACT]},
    ("show_contact", "200"): CONTACT,
    ("check_contact", "202"): CONTACT,
    ("verify_contact_by_code", "200"): {**CONTACT, "verified_at": "2026-11-23T10:05:00Z", "code_ends_at": None},
    ("list_drills", "200"): {"drills": [DRILL]},
    ("start_drill", "201"): {**DRILL, "month": None},
    ("answer_drill", "200"): {**DRILL, "state": "answered", "answered_at": "2026-12-01T11:25:40Z"},
    ("list_matches", "200"): [MATCH],
    ("list_matches_to_check", "200"): MATCHES_TO_CHECK,
    ("preview_messages", "200"): PREVIEW,
    ("show_policy", "200"): POLICY_VIEW,
    ("replace_policy", "200"): {**POLICY_VIEW, "version": 4, "changed_cases": 12},
    ("list_history", "200"): [EVENT],
    ("record_act", "200"): {**CASE, "state": "visit_booked", "paused_until": "2026-11-26T09:00:00Z"},
    ("acknowledge_alert", "200"): {
        "alert": "A-3F9K-7PQ2",
        "cases": [CASE["case"]],
        "paused_until": "2026-11-26T09:00:00+00:00",
    },
}


def describe_examples(operations: Iterable[dict[str, Any]]) -> None:
    for operation in operations:
        name = operation["operationId"]
        for media, examples in BODIES.get(name, {}).items():
            content = operation["requestBody"]["content"][media]
            content["examples"] = {key: {"value": value} for key, value in examples.items()}
        for status, response in operation["responses"].items():
            if (name, status) in ANSWERED:
                response["content"][JSON]["example"] = ANSWERED[name, status]
            elif status == "404":
                response["content"][MEDIA_TYPE]["example"] = PROBLEM
