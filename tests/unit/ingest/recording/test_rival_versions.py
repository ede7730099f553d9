from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from schemas.codes import Connection, MigrationKind, NoticeStatus, Scope, ServiceStatus, TargetService
from services.ingest.reading.drafts import EntryFacts, NoticeFacts
from services.ingest.recording.rules.ties import (
    TiedVersions,
    VersionRisk,
    differences,
    issue_of,
    merged,
    place_of,
    risk_of,
    status_to_keep,
    without,
)

MAY, JUNE, JULY = date(2027, 5, 1), date(2027, 6, 1), date(2027, 7, 1)
HERE, THERE = {"uprn": "100"}, {"uprn": "200"}
PLANNED = VersionRisk("planned", JUNE, JULY)


def test_of_a_notice_its_status_and_both_days_decide_and_of_an_entry_its_status() -> None:
    notice = NoticeFacts(
        Scope.LINE, NoticeStatus.PLANNED, MigrationKind.UNKNOWN, TargetService.VOIP, JUNE, JULY, None, None
    )
    assert risk_of(notice) == PLANNED
    entry = EntryFacts(ServiceStatus.ENDED, Connection.UNKNOWN, JUNE, False, None)
    assert risk_of(entry) == VersionRisk("ended", None, None)


@pytest.mark.parametrize(
    ("private", "place"),
    [
        ({}, {}),
        ({"numbers": ["+441632960460"], "uprn": "", "postcode": None}, {"numbers": ["+441632960460"]}),
        (
            {"postcode": "FY1 1AA", "parts": {"number": "3"}, "note": "x"},
            {"postcode": "FY1 1AA", "parts": {"number": "3"}},
        ),
        ({"uprn": "100", "record": {"scope": "area", "area_codes": ["FY1"]}}, {"uprn": "100", "areas": ["FY1"]}),
        ({"uprn": "100", "record": {"scope": "area"}}, {"uprn": "100"}),
        ({"uprn": "100", "record": {"scope": "line", "area_codes": ["FY1"]}}, {"uprn": "100"}),
        ({"uprn": "100", "record": {"area_codes": ["FY1"]}}, {"uprn": "100"}),
    ],
)
def test_a_place_is_what_the_record_can_be_found_by_and_the_areas_of_an_area_notice(
    private: dict[str, Any], place: dict[str, Any]
) -> None:
    assert place_of(private) == place


def test_the_first_rival_is_kept_as_it_is() -> None:
    assert merged(None, PLANNED, HERE) == TiedVersions(PLANNED, (HERE,))


def test_of_several_the_worst_status_the_earliest_days_and_every_place_are_kept() -> None:
    rival = TiedVersions(VersionRisk("withdrawn", JULY, MAY), (HERE,))
    assert merged(rival, VersionRisk("completed", JUNE, JUNE), THERE) == TiedVersions(
        VersionRisk("completed", JUNE, MAY), (HERE, THERE)
    )
    unknown = TiedVersions(VersionRisk("planned"), ())
    assert merged(unknown, VersionRisk("paused", None, JULY), HERE).risk == VersionRisk("planned", None, JULY)
    assert merged(unknown, VersionRisk("paused"), HERE).risk == VersionRisk("planned")


def test_the_last_five_places_are_kept_each_once_and_the_one_named_last_at_the_end() -> None:
    rival = None
    for number in range(7):
        rival = merged(rival, PLANNED, {"uprn": str(number)})
    assert rival is not None
    assert [place["uprn"] for place in rival.places] == ["2", "3", "4", "5", "6"]
    again = merged(rival, PLANNED, {"uprn": "3"})
    assert [place["uprn"] for place in again.places] == ["2", "4", "5", "6", "3"]


@pytest.mark.parametrize(
    ("kept", "recorded", "fields"),
    [
        (PLANNED, PLANNED, ()),
        (PLANNED, VersionRisk("planned", JULY, JULY), ("planned_migration_date",)),
        (PLANNED, VersionRisk("planned", JUNE, None), ("restriction_start_date",)),
        (VersionRisk("planned"), PLANNED, ()),
        (VersionRisk("planned"), VersionRisk("paused"), ()),
        (VersionRisk("planned"), VersionRisk("completed"), ("status",)),
        (VersionRisk("reverted"), VersionRisk("planned"), ("status",)),
        (VersionRisk("withdrawn"), VersionRisk("planned"), ("status",)),
        (VersionRisk("completed"), VersionRisk("completed"), ()),
        (VersionRisk("ended"), VersionRisk("active"), ("service_status",)),
        (VersionRisk("active"), VersionRisk("suspended"), ()),
    ],
)
def test_only_what_would_do_harm_if_forgotten_is_a_difference(
    kept: VersionRisk, recorded: VersionRisk, fields: tuple[str, ...]
) -> None:
    assert differences(TiedVersions(kept, (HERE,)), recorded, HERE) == fields
    assert differences(TiedVersions(kept, (HERE, THERE)), recorded, HERE) == (*fields, "cli")


def test_a_rival_keeps_no_place_that_the_record_has_itself() -> None:
    rival = TiedVersions(PLANNED, (HERE, THERE))
    assert without(rival, HERE) == TiedVersions(PLANNED, (THERE,))


@pytest.mark.parametrize(
    ("rival", "recorded", "kept"),
    [
        ("ended", "active", "active"),
        ("active", "ended", "active"),
        ("suspended", "ended", "suspended"),
        ("ended", "ended", "ended"),
        ("active", "suspended", "suspended"),
        ("completed", "planned", "planned"),
    ],
)
def test_a_service_counts_as_not_ended_while_one_version_says_so(rival: str, recorded: str, kept: str) -> None:
    assert status_to_keep(TiedVersions(VersionRisk(rival)), VersionRisk(recorded)) == kept


def test_the_sender_is_told_what_differs_what_holds_until_then_and_what_to_do() -> None:
    said = issue_of(("planned_migration_date", "cli"), "row 3", stamped=True)
    assert (said.field, said.code) == ("planned_migration_date", "same_stamp_differs")
    assert said.reason == (
        "This has the same date of issue as row 3, and another planned date and another telephone number or address. "
        "Until you send it again with a later time of issue, councils are alerted by the earlier date."
    )
    assert said.remedy == "Check which is right, and send it again with the date and the time at which you issued it."


@pytest.mark.parametrize(
    ("field", "differs", "until"),
    [
        ("restriction_start_date", "another restriction date", "councils are alerted by the earlier date"),
        ("status", "another status", "councils are alerted by the more dangerous of the two"),
        ("service_status", "another status of the service", "the service counts as not ended"),
        ("cli", "another telephone number or address", "both are matched"),
    ],
)
def test_every_difference_is_named_also_where_there_is_no_stamp(field: str, differs: str, until: str) -> None:
    assert issue_of((field,), "row 3", stamped=False).reason == (
        f"Nothing says whether this or row 3 is later, and {differs}. "
        f"Until you send it again with a later time of issue, {until}."
    )
