"""All functions are pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic_core import to_json

from schemas.notice import MigrationNotice, lasting_reference
from schemas.register_entry import RegisterEntry
from services.core.clock import london_day
from services.core.days.plausible_days import EARLIEST, LATEST, is_plausible
from services.core.tokens import TokenKind
from services.ingest.reading.drafts import Draft, EntryFacts, NoticeFacts, RawRow, Refused
from services.ingest.reading.outcomes import Issue
from services.ingest.reading.places import ENTRY, Place, Values, private_part, read_place, with_scope
from services.ingest.reading.rows.date_columns import OF_THE_MOVE
from services.ingest.reading.rows.date_issues import long_past
from services.ingest.reading.rows.notices import locate, notice_facts, nowhere, undated, with_readings, without_areas
from services.ingest.reading.stamps import AHEAD, read_stamp
from services.ingest.reading.validation import Model, validate


def read_notice(row: RawRow, provider: str, now: datetime) -> Draft[NoticeFacts] | Refused:
    """`provider` is the RCPID of the sender."""
    notice, issues = _validated(MigrationNotice, row._replace(fields=with_scope(row.fields)))
    if notice is None:
        return Refused(row.number, issues, _reference(row, "provider_reference", "id"))
    located = locate(notice)
    # A status of a notice on record needs no more than the reference.
    is_report = not located.values and "status" in notice.model_fields_set
    refusals = (
        *_wrong_provider(notice, provider),
        *_implausible_dates(notice),
        *_from_the_future("issued_at", notice.issued_at, now),
        *(() if located.values or is_report else nowhere(notice)),
    )
    warnings = (*issues, *located.issues)
    if refusals:
        # With the warnings as well, so that the sender can correct the row in one go.
        return Refused(row.number, (*refusals, *warnings), lasting_reference(notice.provider_reference, notice.id))
    return Draft(
        row=row.number,
        reference=lasting_reference(notice.provider_reference, notice.id),
        stamp=read_stamp(notice.issued_at, now, typed=row.typed),
        facts=notice_facts(notice, located)._replace(readings=row.readings),
        values=located.values,
        content=with_readings(located.content, row.readings),
        private=located.private,
        issues=(*warnings, *undated(notice, now), *long_past(notice, now), *without_areas(notice, located.values)),
        unread=_unread(notice, row.issues),
        report=notice if is_report else None,
    )


def read_entry(row: RawRow, now: datetime) -> Draft[EntryFacts] | Refused:
    # A bad telephone number, UPRN or address is no reason to refuse the row.
    entry, issues = _validated(RegisterEntry, row)
    if entry is None:
        return Refused(row.number, issues, _reference(row, "entry_id"))
    refusals = _from_the_future("updated_at", entry.updated_at, now)
    if refusals:
        return Refused(row.number, (*refusals, *issues), entry.entry_id)
    place = _place(entry)
    return Draft(
        row=row.number,
        reference=entry.entry_id,
        stamp=read_stamp(entry.updated_at, now, typed=row.typed),
        facts=_entry_facts(entry),
        values=(values := place.values(ENTRY)),
        content=entry_content(entry),
        private=private_part(entry, place),
        issues=(*issues, *place.issues, *_hard_to_find(place, values)),
    )


def _unread(notice: MigrationNotice, issues: Sequence[Issue]) -> frozenset[str]:
    # An issue of the file on a date that the notice does not have: the sender gave one.
    without = {name for name in OF_THE_MOVE if getattr(notice, name) is None}
    return frozenset(issue.field for issue in issues if issue.field in without)


def entry_content(entry: RegisterEntry) -> bytes:
    # Without its time: the same entry sent again later is not a new version.
    return entry.model_dump_json(exclude={"updated_at"}, exclude_defaults=True).encode()


def sealed_form(draft: Draft[Any], rivals: Sequence[Mapping[str, Any]] = ()) -> bytes:
    """Return the part of a record that is stored encrypted.

    `rivals` has the places of other versions that may be the newest version.
    """
    return to_json({**draft.opened(), "rivals": rivals}, exclude_none=True) if rivals else draft.private


def _validated(model: type[Model], row: RawRow) -> tuple[Model | None, tuple[Issue, ...]]:
    # The values may stand in the wrong fields: validation could accept one that means something else.
    if not row.usable:
        return None, row.issues
    record, issues = validate(model, row.fields)
    return record, (*row.issues, *issues)


def _reference(row: RawRow, *fields: str) -> str | None:
    # Read from the raw row, because validation has failed. Cells of a damaged row may stand under other headings.
    found = (row.fields.get(field) if row.usable or not row.typed else None for field in fields)
    return next((value.strip() for value in found if isinstance(value, str) and value.strip()), None)


def _place(record: RegisterEntry) -> Place:
    return read_place(record.cli, record.uprn, record.postcode, record.address_lines, record.post_town)


def _entry_facts(entry: RegisterEntry) -> EntryFacts:
    confirmed = entry.last_confirmed_at
    return EntryFacts(
        service_status=entry.service_status,
        connection=entry.connection,
        last_confirmed_on=london_day(confirmed) if confirmed else None,
        # The reference itself stays encrypted; only its presence is stored in the clear.
        agreement_named=bool(entry.share_basis_id),
        agreement_until=entry.share_basis_expires_on,
    )


def _wrong_provider(notice: MigrationNotice, provider: str) -> tuple[Issue, ...]:
    # The key decides who the sender is. A row may leave the provider out, but not contradict the key.
    if notice.provider_id in (None, provider):
        return ()
    return (
        Issue(
            "provider_id",
            "not_your_provider",
            "The notice names another provider than the key it was sent with.",
            "Send it with that provider's key.",
        ),
    )


def _implausible_dates(notice: MigrationNotice) -> list[Issue]:
    dates = (
        ("planned_migration_date", notice.planned_migration_date),
        ("restriction_start_date", notice.restriction_start_date),
        ("migrated_on", notice.migrated_on),
        ("issued_at", notice.issued_at and london_day(notice.issued_at)),
    )
    return [
        Issue(
            field,
            "implausible_date",
            f"The date is not between {EARLIEST.year} and {LATEST.year}.",
            "Check the year and send the row again.",
        )
        for field, day in dates
        if day is not None and not is_plausible(day)
    ]


def _from_the_future(field: str, stamp: datetime | None, now: datetime) -> tuple[Issue, ...]:
    # A version dated far ahead would outrank every honest correction until that day.
    if stamp is None or stamp <= now + AHEAD:
        return ()
    return (
        Issue(
            field,
            "in_the_future",
            "The time is more than a day ahead of the time of receipt, so the row was not kept.",
            "Check the year, and the clock and the time zone of the system that made it. Then send the row again.",
        ),
    )


def _hard_to_find(place: Place, values: Values) -> tuple[Issue, ...]:
    if place.numbers and all(kind is TokenKind.TELEPHONE for kind, _ in values):
        return (
            Issue(
                "postcode",
                "number_only",
                "There is no usable postcode or UPRN, so it can be matched by telephone number only.",
                "Add the UPRN, or the postcode and address.",
            ),
        )
    if not values:
        return (
            Issue(
                "cli",
                "cannot_be_matched",
                "There is no usable telephone number, UPRN or postcode. It is kept but cannot be matched.",
                "Add the telephone number the alarm uses, or the UPRN.",
            ),
        )
    if place.postcode and not place.uprn and place.parts is None:
        return (
            Issue(
                "address_lines",
                "no_address",
                "A postcode without an address cannot tell one home from the next.",
                "Add the address or the UPRN.",
            ),
        )
    return ()
