from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date

from tests.chaos.judging.history import WITHDRAWN, Accepted, History
from tests.chaos.judging.records import Case, Records

SETTLED = frozenset({"sent", "not_needed"})
# The states of a case with a line at risk. In these runs, people only acknowledge.
AT_RISK = frozenset({"open", "acknowledged"})
# Both a state, and the reason of the message about this state.
ENDED_BY_NOTICE = "notice_withdrawn"
# The states of a case without a line at risk. The key is True if the entry is on the register.
OVER = {True: frozenset({ENDED_BY_NOTICE}), False: frozenset({"service_ended", ENDED_BY_NOTICE})}

Pairs = set[tuple[str, str]]


def findings(history: History, records: Records, mails: Mapping[str, int]) -> list[str]:
    return [
        *refused(history),
        *submissions_lost(history, records),
        *records_wrong(history, records),
        *matches_wrong(history, records),
        *cases_wrong(history, records),
        *paged_without_cause(history, records),
        *deliveries_wrong(records, mails),
        *acknowledgements_lost(history, records),
        *([f"{records.quarantined} events were set aside"] if records.quarantined else []),
    ]


def refused(history: History) -> Iterator[str]:
    # The clients send only valid requests.
    yield from (f"a request was refused: {answer}" for answer in history.refused)


def submissions_lost(history: History, records: Records) -> Iterator[str]:
    kept = {one.submission: one.rows for one in records.kept}
    for one in history.accepted:
        if one.submission not in kept:
            yield f"submission {one.submission} was accepted and is not on record"
        elif kept[one.submission] != len(one.rows):
            yield f"submission {one.submission} had {len(one.rows)} rows and accounts for {kept[one.submission]}"
    yield from (f"submission {extra} is on record and nobody sent it" for extra in kept.keys() - _told(history))


def _told(history: History) -> set[str]:
    return {one.submission for one in history.accepted}


def records_wrong(history: History, records: Records) -> Iterator[str]:
    wanted = {reference: notice.status for reference, notice in history.latest_notices().items()}
    yield from _unlike("notice", wanted, records.notices)
    gone = set(history.withdrawn)
    yield from _unlike("entry", {one: one not in gone for one in history.latest_entries()}, records.entries)


def _unlike(kind: str, wanted: Mapping[str, object], found: Mapping[str, object]) -> Iterator[str]:
    for reference in sorted(wanted.keys() | found.keys()):
        if wanted.get(reference) != found.get(reference):
            yield f"{kind} {reference} is {found.get(reference)} on record and should be {wanted.get(reference)}"


def pairs_due(history: History) -> Pairs:
    by_number: dict[str, list[str]] = defaultdict(list)
    for notice in history.latest_notices().values():
        by_number[notice.number].append(notice.reference)
    live = [one for one in history.latest_entries().values() if one.reference not in set(history.withdrawn)]
    return {(notice, entry.reference) for entry in live for notice in by_number[entry.number]}


def matches_wrong(history: History, records: Records) -> Iterator[str]:
    due, found = pairs_due(history), {(one.notice, one.entry) for one in records.matches}
    yield from (f"notice {notice} and entry {entry} were never matched" for notice, entry in sorted(due - found))
    yield from (f"notice {notice} and entry {entry} are matched still" for notice, entry in sorted(found - due))
    yield from (f"the match of {one.notice} and {one.entry} is stale" for one in records.matches if one.stale)


def danger_due(history: History) -> dict[str, date]:
    notices, days = history.latest_notices(), defaultdict(list)
    for notice, entry in pairs_due(history):
        if notices[notice].status != WITHDRAWN:
            days[entry].append(notices[notice].planned_on)
    return {entry: min(found) for entry, found in days.items()}


def cases_wrong(history: History, records: Records) -> Iterator[str]:
    due, cases = danger_due(history), {case.entry: case for case in records.cases}
    yield from (f"entry {entry} is at risk and has no case" for entry in sorted(due.keys() - cases.keys()))
    for entry, case in sorted(cases.items()):
        if entry in due:
            yield from _case_at_risk(case, due[entry])
        elif case.state not in OVER[entry not in set(history.withdrawn)]:
            yield f"case {case.reference} of {entry} is {case.state} and nothing of it is at risk"
        elif case.state == ENDED_BY_NOTICE and case.last_told not in (None, ENDED_BY_NOTICE):
            yield f"case {case.reference} of {entry} ended and whoever was told of it was not told of that"


def _case_at_risk(case: Case, day: date) -> Iterator[str]:
    if case.state not in AT_RISK:
        yield f"case {case.reference} of {case.entry} is {case.state} and its line is at risk"
    if not case.alerts:
        yield f"case {case.reference} of {case.entry} is at risk and nobody was told"
    if case.harm_on != day:
        yield f"case {case.reference} of {case.entry} expects harm on {case.harm_on} and should on {day}"


def paged_without_cause(history: History, records: Records) -> Iterator[str]:
    changes = causes(history)
    for case in records.cases:
        if case.alerts > 1 + changes[case.entry]:
            yield f"case {case.reference} was told of {case.alerts} times for {changes[case.entry]} changes"
        if case.ends > changes[case.entry]:
            yield f"case {case.reference} was said to be over {case.ends} times for {changes[case.entry]} changes"


def causes(history: History) -> Counter[str]:
    """Return the number of changes that concern each register entry. Each change may cause one more alert."""
    of_number = Counter(row.number for row in history.notices())
    of_number.subtract(row.number for row in history.latest_notices().values())
    providers, numbers, found = defaultdict(set), defaultdict(set), Counter[str]()
    for notice in history.notices():
        providers[notice.number].add(notice.feed)
    for entry in history.entries():
        found[entry.reference] += 1
        numbers[entry.reference].add(entry.number)
    for reference, had in numbers.items():
        others = set().union(*(providers[number] for number in had))
        found[reference] += sum(of_number[number] for number in had) - 1 + max(0, len(others) - 1)
    return found


def deliveries_wrong(records: Records, mails: Mapping[str, int]) -> Iterator[str]:
    owed = {one.reference: one for one in records.deliveries}
    yield from (f"a mail {reference} came and nobody was owed it" for reference in sorted(mails.keys() - owed.keys()))
    for one in owed.values():
        came, sent = mails.get(one.reference, 0), one.state == "sent"
        if one.state not in SETTLED:
            yield f"delivery {one.reference} is {one.state}"
        if sent and not came:
            yield f"delivery {one.reference} is on record as sent and never came"
        if came > sent + one.doubts:
            yield f"delivery {one.reference} came {came} times, with {one.doubts} attempts in doubt"


def acknowledgements_lost(history: History, records: Records) -> Iterator[str]:
    recorded: dict[str, set[str]] = defaultdict(set)
    for word in records.acknowledged:
        recorded[word.alert].update(word.cases)
    for one in history.acknowledged:
        if not recorded[one.alert].issuperset(one.cases):
            yield f"the acknowledgement of {one.alert} was answered and is not on record"


def repeats(history: History) -> list[Accepted]:
    return [one for one in history.accepted if one.repeated]
