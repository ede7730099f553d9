from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.outcomes import Issue
from services.ingest.reading.stamps import exact, of_the_day, unknown
from services.ingest.recording.rules.stale import repeated, stale_issue, withdrawn_issue

LATER, EARLIER = exact(datetime(2026, 11, 28, 11, tzinfo=UTC)), of_the_day(date(2026, 11, 27))


def test_a_notice_of_which_a_later_version_is_on_record_names_both_stamps() -> None:
    assert stale_issue(RecordKind.NOTICE, LATER, EARLIER) == Issue(
        "issued_at",
        "stale",
        "A later version is on record, issued 28 November 2026 at 11:00. This one was issued 27 November 2026.",
        "If this one is right, send it again with the time at which it was last issued.",
    )


def test_an_entry_of_which_a_later_version_stands_in_the_same_submission_names_its_row() -> None:
    assert stale_issue(RecordKind.ENTRY, LATER, EARLIER, 0) == Issue(
        "updated_at",
        "stale",
        "Row 0 is a later version, changed 28 November 2026 at 11:00. This one was changed 27 November 2026.",
        "If this one is right, send it again with the time at which it was last changed.",
    )


@pytest.mark.parametrize("kind", list(RecordKind))
def test_a_version_without_a_stamp_is_named_by_its_receipt(kind: RecordKind) -> None:
    said = stale_issue(kind, unknown(datetime(2026, 11, 29, 8, 5, tzinfo=UTC)), EARLIER).reason
    assert said.startswith("A later version is on record, received 29 November 2026 at 08:05. This one was ")


def test_an_entry_changed_before_it_was_taken_off_the_register_says_so() -> None:
    assert withdrawn_issue(LATER, EARLIER) == Issue(
        "updated_at",
        "stale",
        "This entry was taken off the register on 28 November 2026 at 11:00. "
        "This version was changed 27 November 2026.",
        "If it belongs on the register, send it again with the time at which it was last changed.",
    )


def test_a_reference_in_several_rows_says_how_to_tell_them_apart() -> None:
    assert repeated("The reference e1 stands in rows 1 and 2.") == Issue(
        "row",
        "repeated_reference",
        "The reference e1 stands in rows 1 and 2.",
        "Give each record its own reference, or say when each was changed.",
    )
