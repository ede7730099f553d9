"""All functions are pure."""
# Two versions of a record tie if neither version is surely later.

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final, NamedTuple

from schemas.codes import DANGEROUS_FIRST, REPORTED, NoticeStatus, ServiceStatus
from services.ingest.reading.drafts import EntryFacts, NoticeFacts
from services.ingest.reading.outcomes import Issue

SAME_STAMP: Final = "same_stamp_differs"  # the code of the issue, and the flag on the record
# The most rival places that are kept. The latest are kept. A sender who repeats a stamp for ever must not make a record
# grow for ever.
MOST_PLACES: Final = 5

# Where a line is, as JSON: `numbers`, `uprn`, `postcode`, `parts`, `places`, and `areas` of an area notice.
Place = Mapping[str, Any]

# Statuses of notices, then of entries, each with the most dangerous first.
_ORDER: Final[tuple[str, ...]] = (
    *DANGEROUS_FIRST,
    ServiceStatus.ACTIVE,
    ServiceStatus.UNKNOWN,
    ServiceStatus.SUSPENDED,
    ServiceStatus.ENDED,
)
# Statuses that report a finished change or end the record. A difference between other statuses does no harm.
_DECISIVE: Final[frozenset[str]] = REPORTED | {NoticeStatus.WITHDRAWN, ServiceStatus.ENDED}


class VersionRisk(NamedTuple):
    status: str
    planned_on: date | None = None
    restriction_on: date | None = None

    @property
    def announces(self) -> bool:
        # Completed and reverted only report what was done to the line.
        return self.status not in REPORTED


class TiedVersions(NamedTuple):
    # The most dangerous values of the tied versions.
    risk: VersionRisk
    places: tuple[Place, ...] = ()


def risk_of(facts: NoticeFacts | EntryFacts) -> VersionRisk:
    if isinstance(facts, EntryFacts):
        return VersionRisk(facts.service_status.value)
    return VersionRisk(facts.status.value, facts.planned_on, facts.restriction_on)


def place_of(private: Mapping[str, Any]) -> Place:
    # `private` is the decrypted part of a record, or `sealed_form` of a draft.
    record = private.get("record") or {}
    found = {name: private[name] for name in ("numbers", "uprn", "postcode", "parts", "places") if private.get(name)}
    areas = record.get("area_codes") if record.get("scope", "line") != "line" else None
    return {**found, "areas": areas} if areas else found


def merged(rival: TiedVersions | None, risk: VersionRisk, place: Place) -> TiedVersions:
    """Add a version to the tied versions.

    The result has the most dangerous values and the latest places.
    """
    if rival is None:
        return TiedVersions(risk, (place,))
    both = (rival.risk, risk)
    worst = VersionRisk(
        min((version.status for version in both), key=_ORDER.index),
        _earliest(version.planned_on for version in both),
        _earliest(version.restriction_on for version in both),
    )
    # A place that is repeated moves to the end, so that the latest are kept.
    places = [other for other in rival.places if other != place]
    return TiedVersions(worst, (*places, place)[-MOST_PLACES:])


def differences(rival: TiedVersions, risk: VersionRisk, place: Place) -> tuple[str, ...]:
    """Return the fields in which a version differs from the tied versions."""
    # The most important field comes first, because `issue_of` uses the first as the field of the issue.
    kept, fields = rival.risk, list[str]()
    if kept.planned_on and kept.planned_on != risk.planned_on:
        fields.append("planned_migration_date")
    if kept.restriction_on and kept.restriction_on != risk.restriction_on:
        fields.append("restriction_start_date")
    if kept.status != risk.status and {kept.status, risk.status} & _DECISIVE:
        fields.append("status" if risk.status in _NOTICE else "service_status")
    if any(other != place for other in rival.places):
        fields.append("cli")
    return tuple(fields)


def without(rival: TiedVersions, place: Place) -> TiedVersions:
    # The version on record is matched at its own place anyway.
    return rival._replace(places=tuple(other for other in rival.places if other != place))


def status_to_keep(rival: TiedVersions, risk: VersionRisk) -> str:
    """Return the status to store for the new version `risk`."""
    # A service counts as ended only if all tied versions say so.
    ended = ServiceStatus.ENDED in (rival.risk.status, risk.status)
    return min(rival.risk.status, risk.status, key=_ORDER.index) if ended else risk.status


def issue_of(fields: tuple[str, ...], against: str, *, stamped: bool) -> Issue:
    # `against` names the other version in words, such as "row 3".
    difference = " and ".join(_DIFFERENCE[field] for field in fields)
    same = (
        f"This has the same date of issue as {against}"
        if stamped
        else f"Nothing says whether this or {against} is later"
    )
    field = fields[0]  # an issue names one field; its text names all of them
    return Issue(
        field,
        SAME_STAMP,
        f"{same}, and {difference}. Until you send it again with a later time of issue, {_MEANWHILE[field]}.",
        "Check which is right, and send it again with the date and the time at which you issued it.",
    )


def _earliest(days: Iterable[date | None]) -> date | None:
    return min((day for day in days if day is not None), default=None)


_NOTICE: Final = frozenset(NoticeStatus)
_DIFFERENCE: Final = {
    "planned_migration_date": "another planned date",
    "restriction_start_date": "another restriction date",
    "status": "another status",
    "service_status": "another status of the service",
    "cli": "another telephone number or address",
}
_MEANWHILE: Final = {
    "planned_migration_date": "councils are alerted by the earlier date",
    "restriction_start_date": "councils are alerted by the earlier date",
    "status": "councils are alerted by the more dangerous of the two",
    "service_status": "the service counts as not ended",
    "cli": "both are matched",
}
