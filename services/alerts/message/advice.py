from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from schemas.codes import CaseState, MatchLevel
from services.alerts.message.case_line import CaseFacts, CaseLine, Facts, Urgency, most_urgent_first, urgency
from services.alerts.message.wording import SURE, SURE_BECAUSE, distance, lines, long_day, moment, subject_day

OPERATOR_STEP = "Ring the council's telecare team, and ask who acts on these cases."
LINK_NOTE = "Opening the link acknowledges nothing; you give your name on the page."
CHANGES_LINK = (
    "Changes that would end or delay some of these cases wait until somebody agrees. See the changes and accept those "
    "that are right:"
)
PRIVACY = (
    "This message holds no names, telephone numbers or addresses. The page shows your own reference for each case. "
    "Do not reply with a resident's details."
)
ACKNOWLEDGING = (
    "It tells us that a named person is acting. It pauses these messages for a limited time. The page says until when.",
    "It does not make anyone safe. If a line is still not safe when the pause ends, the messages start again.",
)
# Sources: PSTN charter (December 2023, commitment 2); Telecare National Action Plan (February 2025, outcome 1).
_CONFIRMED = (
    "A line counts as safe when the provider, the customer or the telecare company confirms “a compatible and "
    "functioning telecare solution”. Record who confirmed it, when, and the evidence."
)
_OTHER_ENDS = (
    "The messages also stop when the provider confirms a hold with its own reference, or withdraws its notice. "
    "Asking for a hold stops nothing."
)
SAFE = (_CONFIRMED, _OTHER_ENDS)

# No source prescribes these steps: they are policy of the deployment.
_START_WITH_FAILING = (
    "Start today with the lines that are overdue, restricted, switched or put back. Contact each resident and make a "
    "test call. Until the test passes, agree another way to call for help."
)
_CHECK_SWITCHED = "For lines switched as planned, check that the alarm is plugged in and make a test call."
_WORD_ONLY = (
    "Where a change is the word of a provider that gave no notice before, ring the line, make a test call, and ask the "
    "provider."
)
_TWO_VERSIONS = (
    "Where a provider sent two versions of a notice, nothing says which holds. We use the earlier danger, and have "
    "asked the provider. Ask it too. If the version sent last holds, record settle_versions on the case. If not, the "
    "provider must send the right one again."
)
_UNSURE_DAYS = (
    "Where a day may mean two days, act by the earlier. We have asked the provider for the order of its dates. Ask "
    "it too."
)
_DECIDE_MATCHES = "Where the match is probable or possible, check whether it is your resident and record the answer."
_HOLD_REFUSED = (
    "Where the provider refused a hold, its date stands. Do not wait for the provider: visit before the date."
)
_VISIT = (
    "Contact each resident before the date. Each one needs a supported journey. Book a visit, fit or test the alarm, "
    "and make a test call to the alarm receiving centre."
)
_TELL_PROVIDER = "Tell the provider the result, and record who confirmed it."
_ASK_FOR_HOLD = (
    "If there is not enough time, ask the provider to hold the line. The hold counts only when the provider confirms "
    "it with its own reference."
)
_SUBJECTS = {
    Urgency.MOVED: "URGENT: {count} switched, alarm not confirmed",
    Urgency.RESTRICTED: "URGENT: calls already restricted on {count}",
    Urgency.OVERDUE: "OVERDUE since {since}: {count} not confirmed safe",
    Urgency.REVERTED: "URGENT: {count} back on the old network, visit due",
    Urgency.POST_CHECK: "Test call due: {count} switched",
    Urgency.DATED: "{act_by}: {count} {will}",
    Urgency.UNDATED: "Date not known: {count} {will}",
}
_SUMMARIES = {
    Urgency.MOVED: "{count} {has} been switched and nobody confirmed that the alarm works. Treat it as not working.",
    Urgency.RESTRICTED: "{count} already {has} calls restricted. The alarm may not reach the alarm receiving centre.",
    Urgency.OVERDUE: "{count} {has} passed {its} date and {are} not confirmed safe. {first}",
    Urgency.REVERTED: "{count} {has} been put back on the old network. A visit is due.",
    Urgency.POST_CHECK: "{count} {has} been switched as planned and not tested since. A test call is due.",
    Urgency.DATED: "{count} {will}. {first}",
    Urgency.UNDATED: "{count} {will} on a date we do not know. Ask the provider for it.",
}
_FAILING = {Urgency.MOVED, Urgency.RESTRICTED, Urgency.OVERDUE, Urgency.REVERTED}


def grouped(cases: Sequence[Facts], today: date) -> dict[Urgency, list[Facts]]:
    groups: dict[Urgency, list[Facts]] = {}
    for case in most_urgent_first(cases, today):
        groups.setdefault(urgency(case, today), []).append(case)
    return groups


def subject_lead(groups: Mapping[Urgency, Sequence[CaseFacts]], today: date) -> str:
    worst, cases = next(iter(groups.items()))
    # Dated cases are counted only if they are of the first day, because all others have more time.
    if worst is Urgency.DATED:
        cases = [case for case in cases if case.harm_on == cases[0].harm_on]
    more = sum(map(len, groups.values())) - len(cases)
    more_words = f", {more:,} more {'later' if worst is Urgency.DATED else 'at risk'}" if more else ""
    return _subject(worst, cases, today) + more_words


def _subject(worst: Urgency, cases: Sequence[CaseFacts], today: date) -> str:
    return _SUBJECTS[worst].format(
        count=lines(len(cases)), since=_subject_day(cases, today), act_by=_act_by(cases, today), will=_will(cases)
    )


def _subject_day(cases: Sequence[CaseFacts], today: date) -> str:
    day = cases[0].harm_on
    return subject_day(day, today) if day else ""


def _act_by(cases: Sequence[CaseFacts], today: date) -> str:
    day = cases[0].harm_on
    near = "TODAY, " if day == today else "tomorrow, " if day and (day - today).days == 1 else ""
    return f"Act {'' if day == today else 'by '}{near}{_subject_day(cases, today)}"


def _will(cases: Sequence[CaseFacts]) -> str:
    # A POSSIBLE match rests on an area notice or a near address, so a message about such cases alone says "may".
    modal = "may" if all(case.level == MatchLevel.POSSIBLE for case in cases) else "will"
    restricted = {case.restricted_first for case in cases}
    what = "restricted or switched" if len(restricted) > 1 else "restricted" if restricted == {True} else "switched"
    return f"{modal} be {what}"


def summary(groups: Mapping[Urgency, Sequence[CaseFacts]], today: date) -> list[str]:
    return [_summary(worst, cases, today) for worst, cases in groups.items()]


def _summary(worst: Urgency, cases: Sequence[CaseFacts], today: date) -> str:
    has, its, are = ("has", "its", "is") if len(cases) == 1 else ("have", "their", "are")
    return _SUMMARIES[worst].format(
        count=lines(len(cases)), has=has, its=its, are=are, will=_will(cases), first=_first(cases, today)
    )


def _first(cases: Sequence[CaseFacts], today: date) -> str:
    day = cases[0].harm_on
    if day is None:
        return ""
    same = all(case.harm_on == day for case in cases)
    return (
        f"The {'' if same else 'first '}date {'was' if day < today else 'is'} {long_day(day)}, {distance(day, today)}."
    )


def steps(groups: Mapping[Urgency, Sequence[CaseFacts]], uncertain: Sequence[CaseLine]) -> list[str]:
    """Return the steps that the cases need, in the order in which to take them.

    `uncertain` must include every case with a doubtful statement by a provider.
    """
    unsure = any(case.level != MatchLevel.CONFIRMED for cases in groups.values() for case in cases)
    ahead = [*groups.get(Urgency.DATED, ()), *groups.get(Urgency.UNDATED, ())]
    every = (
        (not _FAILING.isdisjoint(groups), _START_WITH_FAILING),
        (Urgency.POST_CHECK in groups, _CHECK_SWITCHED),
        *((True, sentence) for sentence in doubtful(uncertain)),
        (unsure, _DECIDE_MATCHES),
        (any(case.state == CaseState.HOLD_REFUSED for case in groups.get(Urgency.DATED, ())), _HOLD_REFUSED),
        (bool(ahead), _VISIT),
        (True, _TELL_PROVIDER),
        (any(case.state != CaseState.HOLD_REFUSED for case in ahead), _ASK_FOR_HOLD),
    )
    return [step for needed, step in every if needed]


def doubtful(cases: Sequence[CaseLine]) -> list[str]:
    # Returns the steps for what a provider said in a way that may mean two things.
    every = (
        (any(case.claimed_by for case in cases), _WORD_ONLY),
        (any(case.doubts for case in cases), _TWO_VERSIONS),
        (any(case.unsure_days for case in cases), _UNSURE_DAYS),
    )
    return [sentence for needed, sentence in every if needed]


def how_sure(counts: Mapping[MatchLevel, int]) -> list[str]:
    # Returns a text for each level that occurs, the surest first: `12 confirmed: same telephone number`.
    return [f"{counts[level]:,} {SURE[level].lower()}: {SURE_BECAUSE[level]}" for level in SURE if counts.get(level)]


def after_restore(at: datetime, record_ends: datetime) -> str:
    """Return the note for messages after the restore at `at`. The restored records end at `record_ends`."""
    return (
        f"Pullcord was restored from a copy on {moment(at)}. Its records end on {moment(record_ends)}. If you had a "
        "message about these cases between the two, this one may repeat it; use the link below, as the older one may "
        "not work. Anything you recorded between the two is lost: please record it again."
    )
