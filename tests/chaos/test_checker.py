"""Each test puts one error into correct records."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.chaos.judging.checker import findings
from tests.chaos.judging.history import WITHDRAWN, Accepted, Acknowledged, EntryVersion, History, NoticeVersion
from tests.chaos.judging.records import Case, Delivery, Kept, Match, Records, Word

START = datetime(2026, 11, 23, 10, tzinfo=UTC)
DAY = date(2026, 12, 3)
SOONER = date(2026, 11, 28)
MAILS = {"A-1.1": 1, "A-1.2": 2, "A-2.3": 1}

NOTICE = NoticeVersion("provider:RAVN", "n1", "01632960001", "planned", DAY, START)
SECOND = NoticeVersion("provider:RAVN", "n2", "01632960002", "planned", DAY, START)
ENTRY = EntryVersion("council:E06000009", "e1", "01632960001", START)
OTHER = EntryVersion("council:E06000009", "e2", "01632960002", START)
LONELY = EntryVersion("council:E06000009", "e3", "01632960003", START)


def history() -> History:
    later = replace(SECOND, status=WITHDRAWN, issued_at=START + timedelta(minutes=1))
    return History(
        accepted=[
            Accepted("s1", [NOTICE, SECOND], repeated=False),
            Accepted("s2", [ENTRY, OTHER, LONELY], repeated=True),
            Accepted("s3", [later], repeated=False),
        ],
        acknowledged=[Acknowledged("A-1", ["C-1"])],
    )


def records() -> Records:
    return Records(
        kept=[Kept("s1", 2), Kept("s2", 3), Kept("s3", 1)],
        notices={"n1": "planned", "n2": WITHDRAWN},
        entries={"e1": True, "e2": True, "e3": True},
        matches=[Match("n1", "e1", stale=False), Match("n2", "e2", stale=False)],
        cases=[
            Case("e1", "C-1", "acknowledged", DAY, 1, 0, "first_alert"),
            Case("e2", "C-2", "notice_withdrawn", DAY, 2, 1, "notice_withdrawn"),
        ],
        deliveries=[Delivery("A-1.1", "sent", 0), Delivery("A-1.2", "sent", 1), Delivery("A-2.3", "sent", 0)],
        acknowledged=[Word("A-1", ["C-1"])],
        quarantined=0,
    )


def test_where_nothing_is_wrong_it_finds_nothing() -> None:
    assert findings(history(), records(), MAILS) == []


LOST = {
    "submission s1 was accepted and is not on record": replace(records(), kept=records().kept[1:]),
    "submission s3 had 1 rows and accounts for 0": replace(records(), kept=[*records().kept[:2], Kept("s3", 0)]),
    "submission s4 is on record and nobody sent it": replace(records(), kept=[*records().kept, Kept("s4", 1)]),
    "notice n1 is None on record and should be planned": replace(records(), notices={"n2": WITHDRAWN}),
    "notice n2 is planned on record and should be withdrawn": replace(
        records(), notices={"n1": "planned", "n2": "planned"}
    ),
    "entry e3 is None on record and should be True": replace(records(), entries={"e1": True, "e2": True}),
    "notice n1 and entry e1 were never matched": replace(records(), matches=records().matches[1:]),
    "notice n1 and entry e3 are matched still": replace(
        records(), matches=[*records().matches, Match("n1", "e3", stale=False)]
    ),
    "the match of n1 and e1 is stale": replace(
        records(), matches=[Match("n1", "e1", stale=True), records().matches[1]]
    ),
    "entry e1 is at risk and has no case": replace(records(), cases=records().cases[1:]),
    "case C-1 of e1 is notice_withdrawn and its line is at risk": replace(
        records(), cases=[replace(records().cases[0], state="notice_withdrawn"), records().cases[1]]
    ),
    "case C-2 of e2 is open and nothing of it is at risk": replace(
        records(), cases=[records().cases[0], replace(records().cases[1], state="open")]
    ),
    "case C-1 of e1 is at risk and nobody was told": replace(
        records(), cases=[replace(records().cases[0], alerts=0), records().cases[1]]
    ),
    "case C-1 of e1 expects harm on 2026-11-28 and should on 2026-12-03": replace(
        records(), cases=[replace(records().cases[0], harm_on=SOONER), records().cases[1]]
    ),
    "delivery A-2.3 is sending": replace(
        records(), deliveries=[*records().deliveries[:2], Delivery("A-2.3", "sending", 1)]
    ),
    "the acknowledgement of A-1 was answered and is not on record": replace(records(), acknowledged=[]),
    "1 events were set aside": replace(records(), quarantined=1),
}


@pytest.mark.parametrize("sentence", LOST)
def test_what_is_lost_or_wrong_on_record_is_found(sentence: str) -> None:
    assert findings(history(), LOST[sentence], MAILS) == [sentence]


PAGED = {
    "delivery A-1.1 came 2 times, with 0 attempts in doubt": MAILS | {"A-1.1": 2},
    "delivery A-1.2 came 3 times, with 1 attempts in doubt": MAILS | {"A-1.2": 3},
    "delivery A-2.3 is on record as sent and never came": {"A-1.1": 1, "A-1.2": 1},
    "a mail A-9.9 came and nobody was owed it": MAILS | {"A-9.9": 1},
}


@pytest.mark.parametrize("sentence", PAGED)
def test_a_mail_too_many_or_too_few_is_found(sentence: str) -> None:
    assert findings(history(), records(), PAGED[sentence]) == [sentence]


def test_an_alert_without_a_cause_is_found() -> None:
    again = replace(records(), cases=[replace(records().cases[0], alerts=2), records().cases[1]])
    assert findings(history(), again, MAILS) == ["case C-1 was told of 2 times for 0 changes"]


def test_a_change_is_a_cause_of_one_more_alert_and_not_of_two() -> None:
    more = history()
    more.accepted.append(Accepted("s4", [replace(NOTICE, issued_at=START + timedelta(minutes=1))], repeated=False))
    kept = replace(records(), kept=[*records().kept, Kept("s4", 1)])
    told = [replace(kept, cases=[replace(kept.cases[0], alerts=count), kept.cases[1]]) for count in (2, 3)]
    assert findings(more, told[0], MAILS) == []
    assert findings(more, told[1], MAILS) == ["case C-1 was told of 3 times for 1 changes"]


def test_another_provider_with_the_same_line_is_a_cause_and_another_notice_of_the_same_provider_is_none() -> None:
    told = replace(records(), cases=[replace(records().cases[0], alerts=2), records().cases[1]])
    for feed, found in {"provider:HERN": [], "provider:RAVN": ["case C-1 was told of 2 times for 0 changes"]}.items():
        more = history()
        more.accepted.append(Accepted("s4", [replace(NOTICE, feed=feed, reference="n4")], repeated=False))
        matches = [*told.matches, Match("n4", "e1", stale=False)]
        also = replace(told, kept=[*told.kept, Kept("s4", 1)], notices={**told.notices, "n4": "planned"})
        assert findings(more, replace(also, matches=matches), MAILS) == found


def test_an_end_told_twice_or_not_at_all_is_found() -> None:
    first, over = records().cases
    twice, silent = replace(over, ends=2), replace(over, ends=0, last_told="repeat")
    assert findings(history(), replace(records(), cases=[first, twice]), MAILS) == [
        "case C-2 was said to be over 2 times for 1 changes"
    ]
    assert findings(history(), replace(records(), cases=[first, silent]), MAILS) == [
        "case C-2 of e2 ended and whoever was told of it was not told of that"
    ]


def test_a_withdrawn_entry_is_off_the_register_and_its_case_is_over() -> None:
    gone = history()
    gone.withdrawn.append("e1")
    off = replace(records(), entries={"e1": False, "e2": True, "e3": True}, matches=records().matches[1:])
    ended = replace(off, cases=[replace(off.cases[0], state="service_ended"), off.cases[1]])
    assert findings(gone, ended, MAILS) == []
    assert findings(gone, off, MAILS) == ["case C-1 of e1 is acknowledged and nothing of it is at risk"]


def test_a_refusal_is_found() -> None:
    told = history()
    told.refused.append("p1: 422")
    assert findings(told, records(), MAILS) == ["a request was refused: p1: 422"]
