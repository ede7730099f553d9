"""All functions are pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from schemas.codes import NoticeStatus, Scope
from schemas.notice import MigrationNotice
from services.core.clock import london_day
from services.ingest.reading.drafts import NoticeFacts, TwoReadings
from services.ingest.reading.outcomes import Issue
from services.ingest.reading.places import NOTICE, Values, private_part, read_areas, read_place, shares_area

# Read once: looking up an enum member for every row is measurably slow.
LINE, EXCHANGE = Scope.LINE, Scope.EXCHANGE
COMPLETED, WITHDRAWN = NoticeStatus.COMPLETED, NoticeStatus.WITHDRAWN

# Ids and times. The same notice sent again with a new id or time is not a new version.
_NOT_CONTENT: Final = {"id", "source", "issued_at"}


class LocatedNotice(NamedTuple):
    values: Values
    content: bytes
    private: bytes
    issues: tuple[Issue, ...]
    # True if the notice is about an area, or names nothing more exact than a postcode.
    shares_area: bool


def locate(notice: MigrationNotice) -> LocatedNotice:
    place = read_place(notice.cli, notice.uprn, notice.postcode, notice.address_lines, notice.post_town)
    values, issues = (place.values(NOTICE), ()) if notice.scope is LINE else read_areas(_area_codes(notice))
    content = notice.model_dump_json(exclude=_NOT_CONTENT, exclude_defaults=True).encode()
    shared = shares_area(notice.scope, values)
    return LocatedNotice(values, content, private_part(notice, place), (*place.issues, *issues), shared)


def with_readings(content: bytes, readings: Sequence[TwoReadings]) -> bytes:
    # Another date in doubt is another version, although neither has a date.
    said = [f"{field}={either}/{other}" for field, either, other in readings]
    return b"\n".join([content, *map(str.encode, said)])


def notice_facts(notice: MigrationNotice, located: LocatedNotice) -> NoticeFacts:
    return NoticeFacts(
        scope=notice.scope,
        status=notice.status,
        migration_kind=notice.migration_kind,
        target_service=notice.target_service,
        planned_on=_day_of_move(notice),
        restriction_on=notice.restriction_start_date,
        telecare_known=notice.telecare_known,
        supersedes=notice.supersedes,
        shares_area=located.shares_area,
    )


def _day_of_move(notice: MigrationNotice) -> date | None:
    # After the move, the day of the move takes the place of the planned day.
    days = (notice.migrated_on, notice.planned_migration_date)
    return next((day for day in (days if notice.status is COMPLETED else days[::-1]) if day), None)


def nowhere(notice: MigrationNotice) -> tuple[Issue, ...]:
    """Return the issue of a notice without a usable place. A notice about an exchange gives no issue."""
    if notice.scope is LINE:
        return (
            Issue(
                "cli",
                "nowhere",
                "There is no usable telephone number, UPRN or postcode.",
                "Give at least the telephone number of the line.",
            ),
        )
    if notice.scope is EXCHANGE:
        # Stored although it matches nothing yet: `without_areas` asks for the postcodes.
        return ()
    return (
        Issue(
            "area_codes",
            "nowhere",
            "There is no usable postcode, sector or outward code.",
            "List the postcodes of the area.",
        ),
    )


def without_areas(notice: MigrationNotice, values: Values) -> tuple[Issue, ...]:
    if notice.scope is not EXCHANGE or values:
        return ()
    return (
        Issue(
            "area_codes",
            "exchange_only",
            "Which addresses an exchange serves is not known here, so the notice matches nothing yet.",
            "List the postcodes it serves.",
        ),
    )


def undated(notice: MigrationNotice, now: datetime) -> tuple[Issue, ...]:
    if notice.status is WITHDRAWN:
        return ()
    day = _day_of_move(notice)
    if notice.status is COMPLETED:
        return _day_of_the_move(is_missing=day is None, is_ahead=day is not None and day > london_day(now))
    if notice.migrated_on is not None and notice.status is not NoticeStatus.REVERTED:
        reason = "The day of a move is given, and the status does not say that the line was moved."
        return (Issue("migrated_on", "not_moved_yet", reason, "Send the status completed, or leave out the day."),)
    if day is not None or notice.restriction_start_date is not None:
        return ()
    return (
        Issue(
            "planned_migration_date",
            "no_date",
            "The notice has no date, so councils are told at once.",
            "Send the date as soon as it is known.",
        ),
    )


def _day_of_the_move(*, is_missing: bool, is_ahead: bool) -> tuple[Issue, ...]:
    if is_missing:
        reason = "The day of the move is not given, so the day of the report counts, or an earlier day on record."
        return (Issue("migrated_on", "no_day_of_move", reason, "Send the day on which the line was moved."),)
    if is_ahead:
        reason = "The status says that the line was moved, and the day lies ahead. The day of the report counts."
        remedy = "Check the day, or send the status planned until the line is moved."
        return (Issue("migrated_on", "move_lies_ahead", reason, remedy),)
    return ()


def _area_codes(notice: MigrationNotice) -> tuple[str, ...]:
    # A notice for an area that gives only a postcode means that postcode.
    return notice.area_codes or ((notice.postcode,) if notice.postcode else ())


# The fields that `filled_from` does not take from the record. `recording.rules.kept_dates` keeps the dates.
_OF_THE_REPORT: Final = frozenset(
    ["id", "source", "issued_at", "status", "planned_migration_date", "restriction_start_date", "migrated_on"]
)
# The fields that `filled_from` takes only from the record.
_PLACE: Final = frozenset(
    [
        "scope",
        "cli",
        "uprn",
        "postcode",
        "address_lines",
        "post_town",
        "area_codes",
        "exchange",
        "access_line_id",
    ]
)


def filled_from(report: MigrationNotice, recorded: Mapping[str, Any]) -> MigrationNotice:
    """Complete `report` from `recorded`, except for the status and the dates. `recorded` alone gives the place."""
    kept = {name: value for name, value in recorded.items() if name not in _OF_THE_REPORT}
    given = {name: value for name, value in report.model_dump(exclude_unset=True).items() if name not in _PLACE}
    return MigrationNotice.model_validate({**kept, **given})
