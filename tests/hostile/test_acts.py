from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.hostile.http_fuzz import STREET, TELLTALE, assert_refused, assert_silent, named
from tests.support.http import MATCH, Api, problem_of

BY = {"by": "Asha Patel"}
AT = "2026-11-23T09:00:00Z"
MALFORMED, INVALID, FAULTY = (400, "malformed-body"), (422, "invalid-request"), (422, "record-faulty")
UNSUPPORTED, LARGE = (415, "unsupported-media-type"), (413, "body-too-large")


@pytest.fixture(scope="module")
def at_risk(api: Api) -> tuple[str, str, str]:
    return api.alerted_case()


@pytest.fixture(autouse=True)
def nothing_happens(api: Api, at_risk: tuple[str, str, str]) -> Iterator[None]:
    # Every request is refused.
    before = [(case.state, case.paused_until, case.revision) for case in api.deployment.cases()]
    yield
    assert [(case.state, case.paused_until, case.revision) for case in api.deployment.cases()] == before


RAW = [
    ("nothing", b"", INVALID),
    ("no JSON", b"{", MALFORMED),
    ("bytes that are no text", b'{"event": "\xff"}', MALFORMED),
    ("an integer of 10,000 digits", b'{"event": ' + b"9" * 10_000 + b"}", MALFORMED),
    ("nested beyond all bounds", b'{"event": "decline", "record": ' + b'{"a":' * 12_000, MALFORMED),
    ("65,537 bytes", b'{"event": "decline", "record": {"by": "' + b"A" * 65_536 + b'"}}', LARGE),
    ("a list", b"[]", INVALID),
    ("a text", b'"01632 960777"', INVALID),
    ("an object without a field", b"{}", INVALID),
    ("a field too many", b'{"event": "decline", "record": {"by": "Asha Patel"}, "01632 960777": 1}', INVALID),
    ("an event that does not exist", b'{"event": "evict", "record": {"by": "Asha Patel"}}', INVALID),
    ("a record that is a list", b'{"event": "decline", "record": ["Asha Patel"]}', INVALID),
    ("a record with half of a surrogate pair", b'{"event": "decline", "record": {"by": "\\ud800 Patel"}}', FAULTY),
    ("a field of half a surrogate pair", b'{"event": "decline", "record": {"by": "Asha Patel", "\\udfff": 1}}', FAULTY),
    ("not a number", b'{"event": "book_visit", "record": {"by": "Asha Patel", "visit_on": NaN}}', FAULTY),
]


@pytest.mark.parametrize(("body", "answer"), named(RAW))
def test_a_hostile_body_records_nothing(
    api: Api, at_risk: tuple[str, str, str], body: bytes, answer: tuple[int, str]
) -> None:
    headers = {"Content-Type": "application/json"}
    assert_refused(
        api.ask("blackpool", "POST", f"/v1/cases/{at_risk[0]}/events", content=body, headers=headers), *answer
    )


@pytest.mark.parametrize(
    "media", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
@pytest.mark.parametrize(
    "place", ["/v1/cases/{0}/events", "/v1/alerts/{1}/acknowledgement", f"/v1/matches/{MATCH}/decision"]
)
def test_a_form_of_another_site_cannot_act(api: Api, at_risk: tuple[str, str, str], place: str, media: str) -> None:
    body = json.dumps({"event": "decline", "record": BY}).encode()
    headers = {"Content-Type": media} if media else {}
    response = api.ask("blackpool", "POST", place.format(*at_risk), content=body, headers=headers)
    assert_refused(response, *UNSUPPORTED)


RECORDS = [
    ("nobody", "decline", {}, "by"),
    ("an empty name", "decline", {"by": ""}, "by"),
    ("a name of one letter", "decline", {"by": "A"}, "by"),
    ("a name of blanks", "decline", {"by": "    "}, "by"),
    ("a name of 101 letters", "decline", {"by": "A" * 101}, "by"),
    ("a name of digits", "decline", {"by": "12345"}, "by"),
    ("a number for a name", "decline", {"by": 1632960777}, "by"),
    ("a telephone number for a name", "decline", {"by": f"Asha {TELLTALE}"}, "by"),
    ("the system for a name", "decline", {"by": "system"}, "by"),
    ("a telephone number in a note", "decline", {**BY, "note": f"ring {TELLTALE}"}, "note"),
    ("a note of 501 signs", "decline", {**BY, "note": "n" * 501}, "note"),
    ("a field that is not of this act", "decline", {**BY, TELLTALE: "x"}, "(unknown field)"),
    ("a field named like a street", "decline", {**BY, f"3 {STREET} Road": "x"}, "(unknown field)"),
    ("a contact by pigeon", "contact_resident", {**BY, "method": "pigeon post"}, "method"),
    ("a visit on 30 February", "book_visit", {**BY, "visit_on": "2027-02-30"}, "visit_on"),
    ("a visit in 1900", "book_visit", {**BY, "visit_on": "1900-01-01"}, "visit_on"),
    ("a visit as seconds since 1970", "book_visit", {**BY, "visit_on": 1796256000}, "visit_on"),
    ("a hold until 2999", "confirm_hold", {**BY, "provider_reference": "H-1", "ends_on": "2999-12-31"}, "ends_on"),
    (
        "a hold until the end of the calendar",
        "confirm_hold",
        {**BY, "provider_reference": "H-1", "ends_on": "9999-12-31"},
        "ends_on",
    ),
    ("a hold without an end", "confirm_hold", {**BY, "provider_reference": "H-1"}, "ends_on"),
    ("a hold without the provider's reference", "confirm_hold", {**BY, "ends_on": "2026-12-24"}, "provider_reference"),
    (
        "a hold under a telephone number",
        "confirm_hold",
        {**BY, "provider_reference": TELLTALE, "ends_on": "2026-12-24"},
        "provider_reference",
    ),
    ("a solution of string", "fit_solution", {**BY, "kind": "two tins"}, "kind"),
    ("a review in the year 1", "fit_solution", {**BY, "kind": "pdpl", "review_on": "0001-01-01"}, "review_on"),
    (
        "a re-test at the end of the calendar",
        "fit_solution",
        {**BY, "kind": "converter_interim", "retest_on": "9999-12-31"},
        "retest_on",
    ),
    ("a test without its centre", "pass_test", {**BY, "at": AT, "tested_by": "Asha Patel"}, "arc_name"),
    (
        "a test without its offset",
        "pass_test",
        {**BY, "arc_name": "Tynetec", "at": AT[:-1], "tested_by": "Asha Patel"},
        "at",
    ),
    (
        "a test in the year 1",
        "pass_test",
        {**BY, "arc_name": "Tynetec", "at": "0001-01-01T00:00:00+14:00", "tested_by": "Asha Patel"},
        "at",
    ),
    ("safety without evidence", "confirm_safe", {**BY, "party": "provider"}, "evidence"),
    ("safety by nobody entitled", "confirm_safe", {**BY, "party": "neighbour", "evidence": "looks fine"}, "party"),
    (
        "safety the provider was not told of",
        "confirm_safe",
        {**BY, "party": "customer", "evidence": "it rang"},
        "record",
    ),
    (
        "safety with a number for evidence",
        "confirm_safe",
        {**BY, "party": "provider", "evidence": TELLTALE},
        "evidence",
    ),
]


@pytest.mark.parametrize(("event", "record", "field"), named(RECORDS))
def test_a_hostile_record_is_refused_by_its_field(
    api: Api, at_risk: tuple[str, str, str], event: str, record: dict[str, Any], field: str
) -> None:
    body = {"event": event, "record": record}
    response = api.ask("blackpool", "POST", f"/v1/cases/{at_risk[0]}/events", json=body)
    assert problem_of(response) == FAULTY
    assert field in [fault["field"] for fault in response.json()["faults"]]
    assert all(fault["reason"] for fault in response.json()["faults"])
    assert_silent(response, *(value for name, value in record.items() if name not in {"by", "provider_reference"}))


OF_THE_CLOCK = [
    "acknowledgement_lapsed",
    "migrate_line",
    "withdraw_notice",
    "move_date_later",
    "end_service",
    "end_hold",
]


@pytest.mark.parametrize("event", OF_THE_CLOCK)
def test_nobody_can_play_the_clock_the_provider_or_the_register(
    api: Api, at_risk: tuple[str, str, str], event: str
) -> None:
    record = {"harm_on": "2027-03-01"} if event == "move_date_later" else {}
    response = api.ask("blackpool", "POST", f"/v1/cases/{at_risk[0]}/events", json={"event": event, "record": record})
    assert_refused(response, 409, "act-refused")
    assert event not in response.json()["acts"]


ACKNOWLEDGEMENTS = [
    ("nobody", {}, INVALID),
    ("null for a name", {"by": None}, INVALID),
    ("an empty name", {"by": ""}, INVALID),
    ("a telephone number for a name", {"by": TELLTALE}, INVALID),
    ("a telephone number in a note", {**BY, "note": f"ring {TELLTALE}"}, INVALID),
    ("no case", {**BY, "cases": []}, INVALID),
    ("cases that are one text", {**BY, "cases": "C-2222-2222"}, INVALID),
    ("a case that the alert does not tell of", {**BY, "cases": ["C-2222-2222"]}, (404, "not-found")),
    ("a telephone number for a case", {**BY, "cases": [TELLTALE]}, (404, "not-found")),
    ("10,001 cases", {**BY, "cases": ["x"] * 10_001}, INVALID),
    ("a field too many", {**BY, "everyone": True}, INVALID),
]


@pytest.mark.parametrize(("body", "answer"), named(ACKNOWLEDGEMENTS))
def test_a_hostile_acknowledgement_pauses_nothing(
    api: Api, at_risk: tuple[str, str, str], body: dict[str, Any], answer: tuple[int, str]
) -> None:
    assert_refused(api.ask("blackpool", "POST", f"/v1/alerts/{at_risk[1]}/acknowledgement", json=body), *answer)


DECISIONS = [
    ("the system for a name", {"decision": "rejected", "by": "system", "evidence": "wrong house"}),
    ("neither yes nor no", {"decision": "undecided", "by": "Asha Patel", "evidence": "none"}),
    ("nobody", {"decision": "rejected", "evidence": "wrong house"}),
    ("a name of one letter", {"decision": "rejected", "by": "A", "evidence": "wrong house"}),
    ("a telephone number for a name", {"decision": "rejected", "by": f"Asha {TELLTALE}", "evidence": "wrong house"}),
    ("no evidence", {"decision": "rejected", "by": "Asha Patel"}),
    ("empty evidence", {"decision": "rejected", "by": "Asha Patel", "evidence": "  "}),
    ("evidence of 501 signs", {"decision": "rejected", "by": "Asha Patel", "evidence": "e" * 501}),
    ("evidence that is a number of somebody", {"decision": "rejected", "by": "Asha Patel", "evidence": TELLTALE}),
    ("a field too many", {"decision": "rejected", "by": "Asha Patel", "evidence": "wrong house", TELLTALE: 1}),
]


@pytest.mark.parametrize("body", named(DECISIONS))
def test_a_hostile_decision_decides_nothing(api: Api, at_risk: tuple[str, str, str], body: dict[str, Any]) -> None:
    assert_refused(api.ask("blackpool", "POST", f"/v1/matches/{MATCH}/decision", json=body), *INVALID)


FORMS = [
    ("nothing", b"", 422),
    ("no name", b"case={case}", 422),
    ("a name of blanks", b"name=+++&case={case}", 422),
    ("a telephone number for a name", b"name=Asha+01632+960777&case={case}", 422),
    ("a name of a hundred kilobytes", b"name=" + b"A" * 100_000 + b"&case={case}", 422),
    ("a name of bytes that are no text", b"name=%FF%FE&case={case}", 422),
    ("a script for a name", b"name=%3Cscript%3E1%3C/script%3E01632960777&case={case}", 422),
    ("no case", b"name=Asha+Patel", 422),
    ("a case of another alert", b"name=Asha+Patel&case=C-2222-2222", 422),
    ("JSON", b'{"name": "Asha Patel", "case": "{case}"}', 422),
    ("five thousand and one fields", b"name=Asha+Patel&" + b"&".join([b"case=x"] * 5_001), 422),
    ("more than a form can be", b"name=Asha+Patel&note=" + b"n" * 300_000, 413),
]


@pytest.mark.parametrize(("form", "status"), named(FORMS))
def test_a_hostile_form_acknowledges_nothing(api: Api, at_risk: tuple[str, str, str], form: bytes, status: int) -> None:
    case, _, link = at_risk
    body = form.replace(b"{case}", case.encode())
    response = api.ask(None, "POST", link, content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert response.status_code == status
    assert "<script>1" not in response.text


LINKS = [
    ("no code", "/a/{alert}"),
    ("an empty code", "/a/{alert}."),
    ("half a code", "/a/{alert}.{half}"),
    ("a code and more", "/a/{alert}.{code}x"),
    ("the code in another case", "/a/{alert}.{swapped}"),
    ("the code of another alert", "/a/A-2222-2222.{code}"),
    ("a case for an alert", "/a/{case}.{code}"),
    ("any code", "/a/{alert}.%25"),
    ("a NUL", "/a/{alert}%00.{code}"),
    ("bytes that are no text", "/a/%FF.%FF"),
    ("a code of 10 kilobytes", "/a/{alert}." + "A" * 10_240),
    ("an alert of 10 kilobytes", "/a/" + "A" * 10_240 + ".{code}"),
    ("SQL", "/a/'%20OR%20'1'='1.{code}"),
]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("link", named(LINKS))
def test_a_link_that_is_not_the_one_sent_leads_nowhere(
    api: Api, at_risk: tuple[str, str, str], method: str, link: str
) -> None:
    case, alert, good = at_risk
    code = good.rpartition(".")[2]
    path = link.format(alert=alert, case=case, code=code, half=code[:11], swapped=code.swapcase())
    form = {"data": {"name": "Asha Patel", "case": case}} if method == "POST" else {}
    response = api.ask(None, method, path, **form)
    assert response.status_code == 404
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert case not in response.text
    assert code not in response.text
