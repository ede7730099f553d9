"""Writes the alert mail, without anything that identifies a resident."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from schemas.codes import MatchLevel
from services.alerts.message import advice
from services.alerts.message.case_line import CaseLine, CaseRow, case_row
from services.alerts.message.why_now import TO_OPERATOR, asked_before, subject_of_reason, why_now
from services.alerts.message.wording import lines, moment, shown_name
from services.core.clock import london_day

__all__ = ["AlertDigest", "CaseLine", "Message", "render", "template"]

LISTED = 20  # the most cases that the mail lists, the most urgent first; the linked page lists all
SUBJECT_LIMIT = 120  # characters
_WIDTH = 72  # columns of the plain text
_CUT = "..."
_SHORTEST_COUNCIL = 10  # a council's name of fewer letters cannot be recognised
_PROVIDER_INDENT, _PROVIDER_WIDTH = 55, 17


@dataclass(frozen=True, slots=True)
class AlertDigest:
    reference: str
    council: str
    threshold: int  # days before the harm
    reason: str
    tier: str  # the tier of the council's policy that the contact belongs to
    cases: tuple[CaseLine, ...]
    counts_by_level: Mapping[MatchLevel, int]
    repeat_number: int  # 0 for a first message
    link: str  # opens a page for one purpose; the contact of this message alone has it
    created_at: datetime
    clock_note: str | None = None  # shown at the top while the clock is simulated
    asked_before: tuple[str, ...] = ()  # the tiers that had an earlier message about one of the cases
    to_operator: bool = False  # the message goes to the operator of Pullcord
    changes_link: str | None = None  # the page of the changes that wait, if some wait and `link` does not lead to it
    restored_note: str | None = None  # shown if the message may repeat a message of which a restore lost the record

    def __post_init__(self) -> None:
        if not self.cases:
            raise ValueError("an alert without a case tells nobody anything: make no digest")


@dataclass(frozen=True, slots=True)
class Message:
    # The plain text and the HTML have the same words.
    subject: str
    text: str
    html: str
    short_note: str = ""  # stands at the end of the short form, if there is room


def render(digest: AlertDigest, now: datetime) -> Message:
    """Texts such as "in 3 days" count from the day of `now` in London."""
    today = london_day(now)
    groups = advice.grouped(digest.cases, today)
    lead = f"{subject_of_reason(digest.reason)}{advice.subject_lead(groups, today)}"
    subject = subject_line(digest, lead)
    ordered = [case for cases in groups.values() for case in cases]
    context = {
        **common(digest, subject),
        "summary": advice.summary(groups, today),
        "why_now": TO_OPERATOR
        if digest.to_operator
        else why_now(digest.reason, digest.threshold, digest.repeat_number, len(digest.cases)),
        "asked_before": asked_before([shown_name(tier) for tier in digest.asked_before]),
        # The row of a single case says it already.
        "how_sure": advice.how_sure(digest.counts_by_level) if len(digest.cases) > 1 else [],
        "steps": [*([advice.OPERATOR_STEP] if digest.to_operator else []), *advice.steps(groups, digest.cases)],
        "rows": [case_row(case, today) for case in ordered[:LISTED]],
    }
    return Message(subject, template("message.txt.j2", context), template("message.html.j2", context))


def common(digest: AlertDigest, subject: str) -> dict[str, object]:
    # Used by the templates of every message to a council.
    return {
        "digest": digest,
        "subject": subject,
        "council": shown_name(digest.council),
        "tier": shown_name(digest.tier),
        "total": lines(len(digest.cases)),
        "unlisted": max(0, len(digest.cases) - LISTED),
        "created": moment(digest.created_at),
        "advice": advice,
    }


def subject_line(digest: AlertDigest, lead: str) -> str:
    # If the line is too long, the council's name is shortened, then left out: the reference is always whole.
    reminder = f", reminder {digest.repeat_number}" if digest.repeat_number else ""
    tail = f" [{digest.reference}{reminder}]"
    council = shown_name(digest.council)
    room = SUBJECT_LIMIT - len(lead) - len(tail) - len(" ()")
    if room < min(len(council), _SHORTEST_COUNCIL):
        return f"{shortened(lead, SUBJECT_LIMIT - len(tail))}{tail}"
    return f"{lead} ({shortened(council, room)}){tail}"


def shortened(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    cut = _CUT if room > len(_CUT) else ""
    return text[: room - len(cut)].rstrip(" ,") + cut


def template(name: str, context: Mapping[str, object]) -> str:
    return _ENVIRONMENT.get_template(name).render(context)


def _fill(text: str, first: str = "", rest: str = "") -> str:
    # No line breaks within a word, so that a reference such as C-7K3M-2Q9P can be copied whole.
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _columns(shown: CaseRow) -> str:
    # A long provider name goes on in the next lines of its column. The state and the notes follow, indented.
    provider = textwrap.wrap(shown.provider, _PROVIDER_WIDTH)
    head = f"{shown.reference:<13}{shown.short_day:<17}{shown.distance:<14}{shown.sure:<11}{provider[0]}"
    below = [" " * _PROVIDER_INDENT + part for part in provider[1:]]
    event = ", ".join(part for part in (shown.event, shown.later) if part)
    news = f"{shown.news}: " if shown.news else ""
    news_and_state = f"{news}{shown.state}"
    detail = f"{event[0].upper()}{event[1:]}. {news_and_state[0].upper()}{news_and_state[1:]}."
    sentences = (detail, *(f"{note[0].upper()}{note[1:]}." for note in shown.notes))
    return "\n".join([head.rstrip(), *below, *(_fill(sentence, " " * 13, " " * 13) for sentence in sentences)])


_ENVIRONMENT = Environment(
    loader=PackageLoader("services.alerts.message"),
    autoescape=select_autoescape(("html.j2",)),
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_ENVIRONMENT.filters |= {"fill": _fill, "columns": _columns}
