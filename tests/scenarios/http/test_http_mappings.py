from __future__ import annotations

import random
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.spreadsheets.chosen_columns import ChosenWord, to_remember
from services.ingest.recording.store import chosen_words
from services.ingest.recording.store.chosen_words import forget_words, keep_words, remembered_words
from tests.support.deployment import BLACKPOOL
from tests.support.http import CSV, NOTICE_UPLOADS, REGISTER_UPLOADS, Api, problem_of

MAPPINGS = "/v1/mappings"
REGISTER = "Lifeline No,Tel No,Status\nL10,01632 960110,B/F\n"


def upload(api: Api, who: str, path: str, data: str, **parameters: Any) -> None:
    sent: dict[str, Any] = {"content": data, "headers": {"Content-Type": CSV}, "params": parameters}
    assert api.ask(who, "POST", path, **sent).status_code == 202


def with_mappings(api: Api) -> None:
    upload(api, "blackpool", REGISTER_UPLOADS, REGISTER, column="Lifeline No=entry_id", status="B/F=ended")
    notices = "Ticket,CLI,Status\nN1,01632 960110,Booked\n"
    upload(api, "raven", NOTICE_UPLOADS, notices, column="Ticket=id", status="Booked=planned")


def listed(api: Api, who: str) -> list[tuple[str, str, str]]:
    return [(one["what"], one["word"], one["target"]) for one in api.ask(who, "GET", MAPPINGS).json()]


def test_each_sender_sees_its_own_mappings_alone(api: Api) -> None:
    with_mappings(api)
    assert listed(api, "blackpool") == [("column", "lifelineno", "entry_id"), ("status", "bf", "ended")]
    assert listed(api, "raven") == [("column", "ticket", "id"), ("status", "booked", "planned")]
    assert listed(api, "cardiff") == listed(api, "harbour") == []


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("column/lifelineno", [("status", "bf", "ended")]),
        ("column/" + quote("LIFELINE No."), [("status", "bf", "ended")]),
        ("status/" + quote("B/F", safe=""), [("column", "lifelineno", "entry_id")]),
        ("status/B/F", [("column", "lifelineno", "entry_id")]),
    ],
)
def test_a_mapping_is_deleted_as_it_is_listed_or_as_it_was_written(
    api: Api, path: str, left: list[tuple[str, str, str]]
) -> None:
    with_mappings(api)
    assert api.ask("blackpool", "DELETE", f"{MAPPINGS}/{path}").status_code == 204
    assert listed(api, "blackpool") == left
    assert len(listed(api, "raven")) == 2
    assert problem_of(api.ask("blackpool", "DELETE", f"{MAPPINGS}/{path}")) == (404, "not-found")


def test_later_files_are_read_without_a_deleted_mapping(api: Api) -> None:
    with_mappings(api)
    tried: dict[str, Any] = {"content": REGISTER, "headers": {"Content-Type": CSV}, "params": {"dry_run": True}}

    def read_as() -> str | None:
        answer = api.ask("blackpool", "POST", REGISTER_UPLOADS, **tried)
        field: str | None = answer.json()["columns"][0]["field"]
        return field

    assert read_as() == "entry_id"
    api.ask("blackpool", "DELETE", f"{MAPPINGS}/column/lifelineno")
    assert read_as() is None


@pytest.mark.parametrize("who", ["cardiff", "raven", "harbour"])
def test_nobody_deletes_a_mapping_of_another(api: Api, who: str) -> None:
    with_mappings(api)
    assert problem_of(api.ask(who, "DELETE", f"{MAPPINGS}/column/lifelineno")) == (404, "not-found")
    assert ("column", "lifelineno", "entry_id") in listed(api, "blackpool")


@pytest.mark.parametrize("who", ["regulator", "operator"])
def test_who_sends_no_files_has_no_mappings(api: Api, who: str) -> None:
    assert problem_of(api.ask(who, "GET", MAPPINGS)) == (403, "forbidden")
    assert problem_of(api.ask(who, "DELETE", f"{MAPPINGS}/column/x")) == (403, "forbidden")


@pytest.mark.parametrize("cursor", ["x", "_", "column", "row_lifelineno", "_a"])
def test_a_cursor_that_no_page_has_is_refused(api: Api, cursor: str) -> None:
    assert problem_of(api.ask("blackpool", "GET", f"{MAPPINGS}?cursor={cursor}")) == (422, "invalid-request")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@given(
    columns=st.sets(st.text("abz09", min_size=1, max_size=200), max_size=15),
    words=st.sets(st.text("abz09", min_size=1, max_size=6), max_size=15),
    limit=st.integers(1, 12),
    data=st.randoms(use_true_random=False),
)
def test_every_mapping_comes_once_although_some_are_deleted_on_the_way(
    api: Api, columns: set[str], words: set[str], limit: int, data: random.Random
) -> None:
    store = api.deployment.store
    before = [(one.what, one.word) for one in remembered_words(store, BLACKPOOL, RecordKind.ENTRY)]
    forget_words(store, BLACKPOOL, RecordKind.ENTRY, before)
    kept = [ChosenWord("column", word, "cli") for word in columns]
    kept += [ChosenWord("service_status", word, "ended") for word in words]
    keep_words(store, BLACKPOOL, RecordKind.ENTRY, kept)
    read: list[tuple[str, str]] = []
    following: str | None = f"{MAPPINGS}?limit={limit}"
    while following:
        answer = api.ask("blackpool", "GET", following)
        page = [(one["what"], one["word"]) for one in answer.json()]
        read += page
        if page and data.random() < 0.5:
            what, word = page[-1]
            assert api.ask("blackpool", "DELETE", f"{MAPPINGS}/{what}/{word}").status_code == 204
        following = answer.links.get("next", {}).get("url")
    assert read == [*(("column", word) for word in sorted(columns)), *(("status", word) for word in sorted(words))]


@pytest.mark.parametrize(
    ("word", "is_kept"), [("a" * 200, True), ("a" * 201, False), ("tel1234", True), ("12345", False)]
)
def test_a_heading_is_remembered_only_if_it_is_short_and_looks_like_no_number(word: str, is_kept: bool) -> None:
    assert bool(to_remember("column", {word: "cli"})) is is_kept


@pytest.mark.parametrize("seed", range(3))
def test_the_oldest_mappings_of_a_sender_make_way_and_those_of_others_stay(
    api: Api, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    with_mappings(api)
    monkeypatch.setattr(chosen_words, "MOST_KEPT", 8)
    chance, store, order = random.Random(seed), api.deployment.store, list[str]()
    for _ in range(12):
        api.deployment.clock.advance(minutes=1)
        word = chance.choice("abcdefghijklmnop") * 3
        keep_words(store, BLACKPOOL, RecordKind.ENTRY, [ChosenWord("column", word, "cli")])
        order = [*(one for one in order if one != word), word]
    kept = [word for what, word, _ in listed(api, "blackpool") if what == "column" and word != "lifelineno"]
    assert kept == sorted(order[-8:])
    assert len(listed(api, "raven")) == 2
