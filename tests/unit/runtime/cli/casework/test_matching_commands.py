from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from services.matcher.weights.parameters import load_parameters
from tests.support.command_line import BLACKPOOL, RAVEN, Desk

WHO = ("--by", "Asha Patel", "--evidence", "rang the resident")


@pytest.fixture
def possible(desk: Desk) -> Desk:
    """Return a deployment with two possible matches, of the entries TC1 and TC2."""
    rows = [
        {"Client Ref": name, "Address": f"Flat A, {number} High Street", "Postcode": "FY3 8AB"}
        for name, number in (("TC1", 18), ("TC2", 20))
    ]
    desk.clock.advance(minutes=1)
    desk.done("import", "register", desk.sheet("register.csv", rows), "--council", BLACKPOOL)
    notices = [
        {
            "id": f"n{number}",
            "address_lines": [f"{number} High Street"],
            "postcode": "FY3 8AB",
            "planned_migration_date": "2026-12-03",
        }
        for number in (18, 20)
    ]
    desk.done("import", "notices", desk.file("notices.json", json.dumps(notices)), "--provider", RAVEN)
    return desk


def listed(desk: Desk) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(desk.run("match", "list", "--council", BLACKPOOL, "--json").out)["matches"]
    return found


def test_the_matches_to_check_are_listed_with_their_reasons_and_no_address(possible: Desk) -> None:
    shown = possible.run("match", "list", "--council", BLACKPOOL)
    assert listed(possible)[0]["match"] in shown.words
    assert "one of them names no flat" in shown.words
    assert "3 Dec 2026, in 10 days" in shown.words
    assert "High Street" not in shown.out


def test_a_short_list_says_how_many_more_there_are(possible: Desk) -> None:
    assert (
        "1 of 2 are shown: --limit shows more."
        in possible.run("match", "list", "--council", BLACKPOOL, "--limit", "1").words
    )


def test_nothing_to_check_is_said(desk: Desk) -> None:
    assert "No match waits for a person." in desk.run("match", "list", "--council", BLACKPOOL).words


def test_the_list_of_an_unknown_council_says_how_to_find_the_known_ones(desk: Desk) -> None:
    said = desk.run("match", "list", "--council", "W06000015")
    assert said.code != 0
    assert "pullcord councils list" in said.err


@pytest.fixture
def decided(possible: Desk) -> Desk:
    first, second = listed(possible)
    possible.done("match", "confirm", first["match"], *WHO)
    possible.done("match", "reject", second["match"], *WHO)
    return possible


def test_the_report_shows_how_many_matches_were_right_by_level_and_weight(decided: Desk) -> None:
    words = decided.run("matching", "report").words
    assert "possible 1 1 0.500" in words
    assert "-3 to -2 1 1 0.500" in words


@pytest.mark.parametrize(
    ("probable_from", "possible_from", "level"),
    [(-9.0, -9.5, "probable"), (9.0, -9.0, "possible"), (9.0, 8.0, "no match")],
)
def test_the_report_shows_what_other_weights_would_have_done(
    decided: Desk, tmp_path: Path, probable_from: float, possible_from: float, level: str
) -> None:
    other = load_parameters().model_copy(
        update={"name": "other", "probable_from": probable_from, "possible_from": possible_from}
    )
    file = tmp_path / "other.json"
    file.write_text(other.model_dump_json())
    words = decided.run("matching", "report", "--council", BLACKPOOL, "--parameters", str(file)).words
    assert f"possible {level} 1 1 0.500" in words


def test_the_report_says_when_nobody_has_decided_yet(possible: Desk) -> None:
    assert "Nobody has confirmed or rejected a match yet" in possible.run("matching", "report").words


@pytest.mark.parametrize(
    ("text", "said"), [("{}", "name: Field required"), ("[", "the file: Invalid JSON"), (None, "cannot be read")]
)
def test_a_file_that_holds_no_weights_is_refused(desk: Desk, tmp_path: Path, text: str | None, said: str) -> None:
    file = tmp_path / "weights.json"
    if text is not None:
        file.write_text(text)
    shown = desk.run("matching", "report", "--parameters", str(file))
    assert shown.code != 0
    assert said in " ".join(shown.err.split())
