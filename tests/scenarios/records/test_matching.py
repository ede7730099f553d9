from __future__ import annotations

from typing import Any

import pytest

from services.ingest.recording.replacement import Replacement
from services.ingest.recording.withdrawals import withdraw_one
from services.storage.feeds import add_feed
from services.storage.tables import matches, notices, register_entries
from tests.support.deployment import BLACKPOOL, Deployment
from tests.support.ledger import cases_by_entry, count, pairs, rows, stale_matches

NUMBER, OTHER_NUMBER = "01632 960123", "01632 960456"
UPRN, OTHER_UPRN = "100012345678", "100012345679"
FLAT_A: dict[str, Any] = {"postcode": "FY3 8AB", "address_lines": ["Flat A, 18 High Street"]}
FLAT_C: dict[str, Any] = {"postcode": "FY3 8AB", "address_lines": ["Flat C, 18 High Street"]}


def entry(name: str = "e1", day: int = 1, **more: Any) -> dict[str, Any]:
    return {"entry_id": name, "updated_at": f"2026-11-{day:02}T09:00:00Z", **more}


def notice(name: str = "n1", day: int = 1, **more: Any) -> dict[str, Any]:
    dates = {"planned_migration_date": "2026-12-03", "issued_at": f"2026-11-{day:02}T09:00:00Z"}
    return {"id": name, **dates, **more}


def area(*codes: str, name: str = "a1", **more: Any) -> dict[str, Any]:
    return notice(name, scope="postcode", area_codes=list(codes), **more)


def found(deployment: Deployment, theirs: dict[str, Any], ours: dict[str, Any]) -> tuple[str, str] | None:
    """Submit a notice and a register entry. Return the level and the reasons of the match, if any."""
    deployment.post_notices(theirs)
    deployment.settle()
    deployment.put_entries(ours)
    deployment.settle()
    # All notices of a provider on one area share a record, which bears the name of the area.
    shared = f"area {''.join(theirs.get('area_codes', ()))}"
    kept = pairs(deployment)
    return kept.get((theirs["id"], ours["entry_id"])) or kept.get((shared, ours["entry_id"]))


@pytest.mark.parametrize(
    ("theirs", "ours", "level"),
    [
        ({"cli": NUMBER}, {"cli": "+44 1632 960123"}, ("confirmed", "same_telephone_number")),
        ({"cli": NUMBER}, {"cli": "1632960123"}, ("confirmed", "same_telephone_number")),
        (
            {"cli": NUMBER, "uprn": UPRN},
            {"cli": NUMBER, "uprn": UPRN},
            ("confirmed", "same_telephone_number same_uprn"),
        ),
        ({"cli": NUMBER}, {"cli": f"{OTHER_NUMBER} / {NUMBER}"}, ("confirmed", "same_telephone_number")),
        ({"uprn": UPRN}, {"uprn": f"0{UPRN}.0"}, ("probable", "same_uprn")),
        (
            {"cli": NUMBER, "uprn": UPRN},
            {"cli": OTHER_NUMBER, "uprn": UPRN},
            ("probable", "same_uprn telephone_numbers_differ"),
        ),
        (FLAT_A, {"postcode": "fy38ab", "address_lines": ["18A High St"]}, ("probable", "same_address")),
        (
            {"cli": NUMBER, **FLAT_A},
            {"cli": OTHER_NUMBER, **FLAT_A},
            ("probable", "same_address telephone_numbers_differ"),
        ),
        (
            {"uprn": UPRN, "address_lines": ["18 High Street"]},
            {"uprn": UPRN, "address_lines": ["20 High Street"]},
            ("possible", "same_uprn addresses_differ streets_agree numbers_clash"),
        ),
        ({**FLAT_A}, {"postcode": "FY3 8AB"}, ("possible", "same_postcode")),
    ],
)
def test_a_pair_is_as_sure_as_what_its_records_share(
    deployment: Deployment, theirs: dict[str, Any], ours: dict[str, Any], level: tuple[str, str]
) -> None:
    assert found(deployment, notice(**theirs), entry(**ours)) == level


def test_a_near_address_is_possible_and_says_what_is_missing(deployment: Deployment) -> None:
    level, reasons = found(
        deployment, notice(**FLAT_A), entry(postcode="FY3 8AB", address_lines=["18 High Street"])
    ) or (
        "",
        "",
    )
    assert level == "possible"
    assert {"near_address", "sub_unit_missing"} <= set(reasons.split())


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (FLAT_A, FLAT_C),
        ({"cli": NUMBER}, {"cli": OTHER_NUMBER}),
        ({"uprn": UPRN}, {"uprn": OTHER_UPRN}),
        # Flats often carry the UPRN of their building.
        ({"uprn": UPRN, **FLAT_A}, {"uprn": UPRN, **FLAT_C}),
        ({"cli": NUMBER, **FLAT_A}, {"cli": OTHER_NUMBER, **FLAT_C}),
        ({"cli": NUMBER}, {"uprn": UPRN, **FLAT_A}),
    ],
)
def test_records_that_share_nothing_sound_are_no_match(
    deployment: Deployment, theirs: dict[str, Any], ours: dict[str, Any]
) -> None:
    assert found(deployment, notice(**theirs), entry(**ours)) is None
    assert deployment.cases() == []


def test_what_did_not_match_is_matched_when_either_side_changes(deployment: Deployment) -> None:
    assert found(deployment, notice(cli=NUMBER), entry(cli=OTHER_NUMBER)) is None
    deployment.put_entries(entry(day=2, cli=NUMBER))
    deployment.settle()
    assert pairs(deployment)["n1", "e1"][0] == "confirmed"
    deployment.post_notices(notice(day=2, cli=OTHER_NUMBER))
    deployment.settle()
    assert pairs(deployment) == {}


def test_a_communal_line_puts_every_home_of_the_scheme_at_risk(deployment: Deployment) -> None:
    homes = [entry(f"e{flat}", cli=NUMBER, address_lines=[f"Flat {flat}, Rose House"]) for flat in range(1, 13)]
    deployment.put_entries(*homes)
    deployment.post_notices(notice(cli=NUMBER))
    deployment.settle()
    assert set(pairs(deployment)) == {("n1", f"e{flat}") for flat in range(1, 13)}
    assert len(deployment.cases()) == 12


def test_two_lines_at_one_address_are_both_kept_in_one_case(deployment: Deployment) -> None:
    deployment.put_entries(entry(cli=NUMBER, **FLAT_A))
    deployment.post_notices(
        notice("n1", cli=NUMBER, **FLAT_A),
        notice("n2", cli=OTHER_NUMBER, **FLAT_A, restriction_start_date="2026-11-30"),
    )
    deployment.settle()
    levels = {one: level for one, (level, _) in pairs(deployment).items()}
    assert levels == {("n1", "e1"): "confirmed", ("n2", "e1"): "probable"}
    (case,) = deployment.cases()
    assert (case.lines, case.level, str(case.harm_on)) == (2, "confirmed", "2026-11-30")


@pytest.mark.parametrize("code", ["FY3", "FY3 8", "FY3 8AB"])
def test_an_area_notice_covers_every_entry_in_its_area_and_no_other(deployment: Deployment, code: str) -> None:
    deployment.put_entries(
        entry("e1", **FLAT_A), entry("e2", **FLAT_C), entry("e3", postcode="FY4 1AB", address_lines=["1 Mill Lane"])
    )
    deployment.post_notices(area(code))
    deployment.settle()
    assert pairs(deployment) == {(f"area {code}", name): ("possible", "area_covers_address") for name in ("e1", "e2")}


def test_an_entry_that_comes_after_an_area_notice_is_covered_too(deployment: Deployment) -> None:
    assert found(deployment, area("FY3"), entry(**FLAT_A)) == ("possible", "area_covers_address")


def test_a_line_notice_beside_an_area_notice_makes_the_case_as_sure_as_the_surer(deployment: Deployment) -> None:
    deployment.put_entries(entry(cli=NUMBER, **FLAT_A))
    deployment.post_notices(area("FY3"), notice(cli=NUMBER))
    deployment.settle()
    assert (len(pairs(deployment)), cases_by_entry(deployment)["e1"].level) == (2, "confirmed")


def test_a_notice_that_becomes_an_area_notice_keeps_no_pair_of_its_line(deployment: Deployment) -> None:
    deployment.put_entries(entry(cli=NUMBER))
    deployment.post_notices(notice("n1", cli=NUMBER))
    deployment.settle()
    deployment.post_notices(area("FY3", name="n1", day=2))
    deployment.settle()
    assert pairs(deployment) == {}


def test_one_line_in_two_councils_registers_is_found_in_both(deployment: Deployment) -> None:
    cardiff = add_feed(deployment.store, "council", "W06000015", "Cardiff")
    deployment.put_entries(entry("e1", cli=NUMBER))
    deployment.put_entries(entry("c1", cli=NUMBER), feed=cardiff)
    deployment.post_notices(notice(cli=NUMBER))
    deployment.settle()
    assert {case.feed_id for case in deployment.cases()} == {BLACKPOOL, cardiff}


def test_an_entry_that_leaves_the_register_ends_its_matches(deployment: Deployment) -> None:
    found(deployment, notice(cli=NUMBER), entry(cli=NUMBER))
    withdraw_one(deployment.store, BLACKPOOL, "e1")
    deployment.settle()
    assert pairs(deployment) == {}
    assert rows(deployment, matches)[0].ended_at is not None


def test_entries_missing_from_a_full_replacement_end_their_matches(deployment: Deployment) -> None:
    deployment.put_entries(entry("e1", cli=NUMBER), entry("e2", cli=NUMBER))
    deployment.post_notices(notice(cli=NUMBER))
    deployment.settle()
    deployment.put_entries(entry("e2", cli=NUMBER), replacement=Replacement(1.0))
    deployment.settle()
    assert set(pairs(deployment)) == {("n1", "e2")}


def test_a_match_names_the_versions_it_was_made_from(deployment: Deployment) -> None:
    found(deployment, notice(cli=NUMBER), entry(cli=NUMBER))
    deployment.put_entries(entry(day=2, cli=NUMBER, protocol="stmf"))
    deployment.settle()
    deployment.post_notices(notice(day=2, cli=NUMBER, brand="Raven"))
    deployment.post_notices(notice(day=3, cli=NUMBER, brand="Raven Plus"))
    deployment.settle()
    (match,) = rows(deployment, matches)
    assert (match.notice_revision, match.entry_revision) == (3, 2)
    assert (rows(deployment, notices)[0].revision, rows(deployment, register_entries)[0].revision) == (3, 2)
    assert stale_matches(deployment) == 0


def test_a_pair_that_is_found_again_is_one_row(deployment: Deployment) -> None:
    found(deployment, notice(cli=NUMBER), entry(cli=NUMBER))
    deployment.put_entries(entry(day=2, cli=OTHER_NUMBER))
    deployment.settle()
    deployment.put_entries(entry(day=3, cli=NUMBER))
    deployment.settle()
    assert count(deployment, matches) == 1
    assert set(pairs(deployment)) == {("n1", "e1")}
