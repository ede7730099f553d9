from __future__ import annotations

from datetime import date

import pytest
from justhtml import JustHTML

from schemas.codes import NoticeStatus
from services.alerts.message.advice import doubtful
from services.alerts.message.case_line import CaseLine, notes
from services.alerts.review.doubts import Doubt, Version
from tests.support.checks.html import the_one
from tests.unit.alerts.messages.digests import a_case, mail

DECEMBER, JUNE = date(2026, 12, 10), date(2027, 6, 1)
PLANNED = NoticeStatus.PLANNED
WORD_ONLY = "Harbour Telecom reported a change and gave no notice of it before: this is its word only."
ASK = "ring the line, make a test call, and ask the provider."
VERSIONS = "Raven Telecom sent two versions of its notice: first switch Thu 10 Dec 2026; then switch Tue 1 Jun 2027."
SETTLE = "If the version sent last holds, record settle_versions on the case."


def in_doubt(first: Version, last: Version) -> CaseLine:
    return a_case(doubts=(Doubt("Raven Telecom", first, last),))


CLAIMED = a_case(claimed_by=("Harbour Telecom",))
DIFFERING = in_doubt(Version(PLANNED, DECEMBER, None), Version(NoticeStatus.RESCHEDULED, JUNE, None))


def texts(case: CaseLine) -> tuple[str, str]:
    # The two texts are the plain text and the text within the HTML.
    message = mail(case)
    html = the_one(JustHTML(message.html, sanitize=False, strict=True), "body").to_text()
    return " ".join(message.text.split()), " ".join(html.split())


@pytest.mark.parametrize(("case", "note", "step"), [(CLAIMED, WORD_ONLY, ASK), (DIFFERING, VERSIONS, SETTLE)])
def test_text_and_html_say_what_is_in_doubt_and_what_to_do(case: CaseLine, note: str, step: str) -> None:
    for words in texts(case):
        assert note.removesuffix(".") in words
        assert step in words


def test_the_provider_is_asked_and_the_earlier_danger_counts_meanwhile() -> None:
    (sentence,) = doubtful([DIFFERING])
    assert "nothing says which holds" in sentence
    assert "We use the earlier danger, and have asked the provider. Ask it too." in sentence


def test_a_case_without_a_doubt_says_nothing_of_any() -> None:
    assert (notes(a_case()), doubtful([a_case()])) == ((), [])
    assert all("versions" not in words and "word" not in words for words in texts(a_case()))


def test_a_case_of_which_the_notice_is_withdrawn_has_no_notes() -> None:
    assert all("its word only" not in words for words in texts(a_case(state="notice_withdrawn", claimed_by=("Raven",))))


def test_several_providers_are_named_together() -> None:
    (note,) = notes(a_case(claimed_by=("Harbour Telecom", "Heron Telecom", "Raven Telecom")))
    assert note.startswith("Harbour Telecom, Heron Telecom and Raven Telecom reported a change")
    assert note.endswith("this is their word only")


@pytest.mark.parametrize(
    ("version", "said"),
    [
        (Version(NoticeStatus.WITHDRAWN, DECEMBER, None), "notice withdrawn"),
        (Version(NoticeStatus.COMPLETED, DECEMBER, None), "already switched, planned for Thu 10 Dec 2026"),
        (Version(NoticeStatus.REVERTED, None, None), "put back on the old network"),
        (Version(NoticeStatus.PAUSED, DECEMBER, None), "paused, switch Thu 10 Dec 2026"),
        (Version(PLANNED, JUNE, DECEMBER), "calls restricted Thu 10 Dec 2026, switch Tue 1 Jun 2027"),
        (Version(PLANNED, None, None), "date not known"),
    ],
)
def test_each_version_is_said_with_its_days(version: Version, said: str) -> None:
    (note,) = notes(in_doubt(version, Version(PLANNED, date(2027, 1, 11), None)))
    assert note == f"Raven Telecom sent two versions of its notice: first {said}; then switch Mon 11 Jan 2027"


def test_versions_that_differ_in_the_place_say_so_without_naming_it() -> None:
    same = Version(PLANNED, DECEMBER, None)
    (note,) = notes(in_doubt(same, same))
    assert note == "Raven Telecom sent two versions of its notice, with different telephone numbers or addresses"


@pytest.mark.parametrize("name", ["ring 01632 960123", "pat@example.com"])
def test_a_name_that_is_a_number_or_an_address_is_not_shown(name: str) -> None:
    same = Version(PLANNED, DECEMBER, None)
    for note in notes(a_case(claimed_by=(name,), doubts=(Doubt(name, same, same),))):
        assert note.startswith("name not shown ")


def test_no_line_of_the_plain_text_is_longer_than_72_signs() -> None:
    lines = mail(a_case(claimed_by=CLAIMED.claimed_by, doubts=DIFFERING.doubts)).text.splitlines()
    assert max(len(line) for line in lines if "://" not in line) <= 72
