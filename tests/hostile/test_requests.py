from __future__ import annotations

import json

import pytest

from tests.hostile.http_fuzz import TELLTALE, assert_refused, assert_silent, named
from tests.support.http import CSV, ENTRIES, MATCH, NO_MATCH, NOTICE_UPLOADS, NOTICES, REGISTER_UPLOADS, Api

UNAUTHENTICATED = (401, "unauthenticated")
INVALID = (422, "invalid-request")
NOT_FOUND = (404, "not-found")
NO_METHOD = (405, "method-not-allowed")

KEYS = [
    ("nothing", b""),
    ("a scheme alone", b"Bearer"),
    ("a scheme and a blank", b"Bearer "),
    ("the key without its scheme", b"{key}"),
    ("another scheme", b"Basic {key}"),
    ("a wrong prefix", b"Bearer abc.{id}.{secret}"),
    ("a prefix in capitals", b"Bearer PCD.{id}.{secret}"),
    ("no prefix", b"Bearer {id}.{secret}"),
    ("no secret", b"Bearer pcd.{id}."),
    ("no id", b"Bearer pcd..{secret}"),
    ("half a secret", b"Bearer pcd.{id}.{half}"),
    ("a secret and more", b"Bearer pcd.{id}.{secret}x"),
    ("a secret in capitals", b"Bearer pcd.{id}.{capitals}"),
    ("the secret of another key", b"Bearer pcd.{id}.{other}"),
    ("any id", b"Bearer pcd.%.{secret}"),
    ("SQL for an id", b"Bearer pcd.' OR '1'='1.{secret}"),
    ("a secret of 10 kilobytes", b"Bearer pcd.{id}." + b"A" * 10_240),
    ("an id of 10 kilobytes", b"Bearer pcd." + b"a" * 10_240 + b".{secret}"),
    ("a key in Latin-1", b"Bearer pcd.\xe9\xe8.{secret}"),
    ("a key in UTF-8", "Bearer pcd.\u0441\u0435\u043a\u0440\u0435\u0442.x".encode()),
    ("a list of keys", b"Bearer {key}, Bearer {key}"),
    ("a token of another kind", b"Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9."),
]


@pytest.mark.parametrize("header", named(KEYS))
def test_a_hostile_key_opens_nothing(api: Api, header: bytes) -> None:
    key = api.keys["raven"]
    _, identity, secret = key.split(".")
    parts = {"key": key, "id": identity, "secret": secret, "half": secret[:22], "capitals": secret.upper()}
    parts["other"] = api.keys["harbour"].split(".")[2]
    for name, value in parts.items():
        header = header.replace(b"{%s}" % name.encode(), value.encode())
    response = api.ask(None, "POST", NOTICES, json={"id": "n"}, headers={"Authorization": header})
    assert_refused(response, *UNAUTHENTICATED)
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert secret not in response.text


@pytest.mark.parametrize(
    "place", ["/v1/cases?key={key}", "/v1/cases?access_token={key}", "/v1/cases?authorization=Bearer {key}"]
)
def test_a_key_in_an_address_opens_nothing(api: Api, place: str) -> None:
    assert_refused(api.ask(None, "GET", place.format(key=api.keys["blackpool"])), *UNAUTHENTICATED)


def test_a_key_in_a_cookie_opens_nothing(api: Api) -> None:
    cookie = {"Cookie": f"Authorization=Bearer {api.keys['blackpool']}"}
    assert_refused(api.ask(None, "GET", "/v1/cases", headers=cookie), *UNAUTHENTICATED)


METHODS = [
    (method, path)
    for path, allowed in {
        NOTICES: {"POST"},
        NOTICE_UPLOADS: {"POST"},
        ENTRIES: {"PUT"},
        f"{ENTRIES}/e1": {"DELETE"},
        "/v1/cases": {"GET"},
        "/v1/cases/C-2222-2222/events": {"POST"},
        "/v1/alerts/A-2222-2222/acknowledgement": {"POST"},
        "/v1/alerts/A-2222-2222/link/revocation": {"POST"},
        f"/v1/matches/{MATCH}/decision": {"POST"},
    }.items()
    for method in sorted({"GET", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "BREW"} - allowed)
]


@pytest.mark.parametrize(("method", "path"), METHODS)
def test_a_method_that_an_address_does_not_take_is_refused(api: Api, method: str, path: str) -> None:
    response = api.ask("blackpool", method, path)
    assert_refused(response, *NO_METHOD)
    assert method not in response.headers["Allow"].split(", ")


def test_a_header_that_names_another_method_changes_nothing(api: Api) -> None:
    headers = {"X-HTTP-Method-Override": "DELETE"}
    assert api.ask("blackpool", "PUT", ENTRIES, json={"entry_id": "kept", "cli": TELLTALE}).status_code == 202
    assert_refused(api.ask("blackpool", "POST", f"{ENTRIES}/kept", headers=headers), *NO_METHOD)
    again = api.ask("blackpool", "PUT", ENTRIES, json={"entry_id": "kept", "cli": TELLTALE})
    assert again.json()["counts"]["unchanged"] == 1


PATHS = [
    ("an id of dots", "blackpool", "DELETE", f"{ENTRIES}/..%2F..%2Fcases", NOT_FOUND),
    ("an absolute path for an id", "blackpool", "DELETE", f"{ENTRIES}/%2Fetc%2Fpasswd", NOT_FOUND),
    ("a NUL for an id", "blackpool", "DELETE", f"{ENTRIES}/%00", NOT_FOUND),
    ("bytes that are no text for an id", "blackpool", "DELETE", f"{ENTRIES}/%FF%FE", NOT_FOUND),
    ("SQL for an id", "blackpool", "DELETE", f"{ENTRIES}/'%20OR%201=1--", NOT_FOUND),
    ("a telephone number for an id", "blackpool", "DELETE", f"{ENTRIES}/01632%20960777", NOT_FOUND),
    ("an id of 121 signs", "blackpool", "DELETE", f"{ENTRIES}/{'x' * 121}", INVALID),
    ("no id", "blackpool", "DELETE", f"{ENTRIES}/", INVALID),
    ("another council by dots", "blackpool", "DELETE", "/v1/telecare-registers/..%2FE06000009/entries/e1", NOT_FOUND),
    ("a council in lower case", "blackpool", "PUT", "/v1/telecare-registers/e06000009/entries", (403, "forbidden")),
    ("a council with a blank", "blackpool", "PUT", "/v1/telecare-registers/E06000009%20/entries", (403, "forbidden")),
    ("a council with a NUL", "blackpool", "PUT", "/v1/telecare-registers/E06000009%00/entries", (403, "forbidden")),
    ("a submission of another form", "raven", "GET", "/v1/submissions/..%2Fcases", NOT_FOUND),
    ("a submission with a NUL", "raven", "GET", "/v1/submissions/sub_%00", INVALID),
    ("a submission that is any", "raven", "GET", "/v1/submissions/%25", INVALID),
    ("a submission of 41 signs", "raven", "GET", f"/v1/submissions/{'s' * 41}", INVALID),
    ("a submission nobody made", "raven", "GET", "/v1/submissions/sub_0", NOT_FOUND),
    ("a case with a NUL", "blackpool", "GET", "/v1/cases/C-2222-222%00", INVALID),
    ("a case of SQL", "blackpool", "GET", "/v1/cases/'%20OR%201=1--", INVALID),
    ("a case that is a number", "blackpool", "GET", "/v1/cases/01632%20960777", INVALID),
    ("a case that is a number in one word", "blackpool", "GET", "/v1/cases/01632960777", NOT_FOUND),
    ("an alert in Cyrillic", "blackpool", "POST", "/v1/alerts/%D0%90-2222/acknowledgement", INVALID),
    ("a match of words", "blackpool", "POST", "/v1/matches/M-one-two/decision", INVALID),
    ("a match of three numbers", "blackpool", "POST", "/v1/matches/M-1-2-3/decision", INVALID),
    ("a match below zero", "blackpool", "POST", "/v1/matches/M--1--2/decision", INVALID),
    ("a match by two numbers", "blackpool", "POST", f"/v1/matches/M-{'9' * 19}-1/decision", INVALID),
    ("a match in Arabic digits", "blackpool", "POST", "/v1/matches/M-%D9%A1-%D9%A1/decision", INVALID),
    ("a match nobody found", "blackpool", "POST", f"/v1/matches/{NO_MATCH}/decision", NOT_FOUND),
    ("an address with a slash too many", "raven", "POST", f"{NOTICES}/", NOT_FOUND),
    ("two slashes", "raven", "POST", "//v1//migration-notices", NOT_FOUND),
    ("an address in capitals", "raven", "POST", NOTICES.upper(), NOT_FOUND),
    ("an older version of the interface", "raven", "POST", "/v0/migration-notices", NOT_FOUND),
    ("a file of the server", None, "GET", "/.env", NOT_FOUND),
    ("a file above the server", None, "GET", "/..%2f..%2fetc%2fpasswd", NOT_FOUND),
    ("a setup page of something else", None, "GET", "/wp-admin/setup.php?x=01632960777", NOT_FOUND),
]
BODIES = {
    "PUT": {"entry_id": "h", "cli": TELLTALE},
    "POST": {"decision": "rejected", "by": "Asha Patel", "evidence": "wrong house"},
}


@pytest.mark.parametrize(("who", "method", "path", "answer"), named(PATHS))
def test_a_hostile_address_leads_nowhere(
    api: Api, who: str | None, method: str, path: str, answer: tuple[int, str]
) -> None:
    body = {"by": "Asha Patel"} if "/alerts/" in path else BODIES.get(method)
    assert_refused(api.ask(who, method, path, **({"json": body} if body else {})), *answer)


QUERIES = [
    ("a state that does not exist", "blackpool", "/v1/cases?state=vanished"),
    ("a limit of zero", "blackpool", "/v1/cases?limit=0"),
    ("a limit below zero", "blackpool", "/v1/cases?limit=-1"),
    ("a limit beyond all bounds", "blackpool", f"/v1/cases?limit={'9' * 400}"),
    ("a limit in words", "blackpool", "/v1/cases?limit=all"),
    ("a limit with an exponent", "blackpool", "/v1/cases?limit=1e3x"),
    ("a limit that is a number of somebody", "blackpool", "/v1/cases?limit=01632960777"),
    ("perhaps for a flag", "blackpool", "/v1/cases?ended=perhaps"),
    ("SQL for a flag", "blackpool", "/v1/cases?ended=1;DROP%20TABLE%20cases"),
    ("a cursor that is no text", "raven", "/v1/submissions/sub_0?cursor=%00"),
    ("a cursor beyond all bounds", "raven", f"/v1/submissions/sub_0?cursor={'9' * 900}"),
    ("a page of a million rows", "raven", "/v1/submissions/sub_0?limit=1000000"),
]


@pytest.mark.parametrize(("who", "path"), named(QUERIES))
def test_a_hostile_parameter_is_refused_by_its_name(api: Api, who: str, path: str) -> None:
    response = api.ask(who, "GET", path)
    assert_refused(response, *INVALID)
    name = path.partition("?")[2].partition("=")[0]
    assert [fault["field"] for fault in response.json()["faults"]] == [f"query.{name}"]


UPLOAD_QUERIES = [
    ("a mode that does not exist", "mode=obliterate", "mode"),
    ("an empty mode", "mode=", "mode"),
    ("two modes, of which the last counts", "mode=replace&mode=obliterate", "mode"),
    ("withdrawals below zero", "mode=replace&confirm_withdrawals=-1", "confirm_withdrawals"),
    ("half a withdrawal", "mode=replace&confirm_withdrawals=0.5", "confirm_withdrawals"),
    ("all withdrawals", "mode=replace&confirm_withdrawals=all", "confirm_withdrawals"),
    ("withdrawals beyond all bounds", f"confirm_withdrawals={'9' * 40}", "confirm_withdrawals"),
    ("perhaps for a dry run", "dry_run=perhaps", "dry_run"),
]


@pytest.mark.parametrize(("query", "field"), named(UPLOAD_QUERIES))
def test_a_hostile_parameter_of_an_upload_is_refused_before_anything_is_read(api: Api, query: str, field: str) -> None:
    data = b"Case ID,Tel No\r\nqueried,01632 960777\r\n"
    response = api.ask("blackpool", "POST", f"{REGISTER_UPLOADS}?{query}", content=data, headers={"Content-Type": CSV})
    assert_refused(response, *INVALID)
    assert [fault["field"] for fault in response.json()["faults"]] == [f"query.{field}"]


IDEMPOTENCY_KEYS = [("empty", b""), ("of 201 signs", b"k" * 201), ("of 10 kilobytes", b"k" * 10_240)]


@pytest.mark.parametrize("key", named(IDEMPOTENCY_KEYS))
def test_a_hostile_idempotency_key_is_refused_by_its_name(api: Api, key: bytes) -> None:
    response = api.ask("raven", "POST", NOTICES, json={"id": "i", "cli": TELLTALE}, headers={"Idempotency-Key": key})
    assert_refused(response, *INVALID)
    assert [fault["field"] for fault in response.json()["faults"]] == ["header.idempotency-key"]


@pytest.mark.parametrize("key", ["'; DROP TABLE idempotency_keys; --", "../../x", "\xe9\xff", "%00", TELLTALE])
def test_an_odd_idempotency_key_is_a_key_like_any_other(api: Api, key: str) -> None:
    headers = {"Idempotency-Key": key.encode("latin-1")}
    row = {"id": "odd", "cli": TELLTALE, "planned_migration_date": "2027-03-01"}
    first = api.ask("raven", "POST", NOTICES, json=row, headers=headers)
    again = api.ask("raven", "POST", NOTICES, json=row, headers=headers)
    other = api.ask("raven", "POST", NOTICES, json={**row, "brand": "Raven"}, headers=headers)
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json()["submission"] == first.json()["submission"]
    assert_refused(other, 422, "idempotency-mismatch")
    assert_silent(again)


def test_the_idempotency_key_of_another_provider_is_another_key(api: Api) -> None:
    headers = {"Idempotency-Key": "shared"}
    mine = api.ask("raven", "POST", NOTICES, json={"id": "s", "cli": TELLTALE}, headers=headers)
    theirs = api.ask("harbour", "POST", NOTICES, json={"id": "t", "cli": "01632 960778"}, headers=headers)
    assert (mine.status_code, theirs.status_code) == (202, 202)
    assert mine.json()["submission"] != theirs.json()["submission"]
    assert not theirs.json()["repeated"]


@pytest.mark.parametrize("host", ["evil.example", "", "pullcord.example:99999"])
def test_no_answer_repeats_the_host_it_was_asked_by(api: Api, host: str) -> None:
    response = api.ask(
        "raven",
        "POST",
        NOTICES,
        content=json.dumps({"id": "host", "cli": TELLTALE}),
        headers={"Host": host, "Content-Type": "application/json"},
    )
    assert response.headers["Location"].startswith("/v1/submissions/")
    assert "evil.example" not in str(response.headers) + response.text
