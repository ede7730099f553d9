from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.alerts.message.message import SUBJECT_LIMIT, Message, shortened, template
from services.alerts.message.wording import moment, shown_name

# Read in a list of mails and in a text message, where nothing else may be seen.
LEAD: Final = "DRILL, no line is at risk: please confirm that you read this"

NO_RISK: Final = "This is a drill. No line is at risk because of it, and no resident needs anything."
WHY: Final = (
    "This is how Pullcord tells you when a telecare alarm is about to lose its landline. The drill shows that such a "
    "message reaches somebody who reads it."
)
BY_HAND: Final = (
    "Only your name and the button count. A mail scanner that opens the link answers nothing. The link is for you: do "
    "not forward it."
)
SILENCE: Final = (
    "If nobody answers within one working day, the next contacts of your council are asked. If they do not answer "
    "either, whoever runs Pullcord is told."
)
NOTHING_ELSE: Final = "The drill opens no case and changes none. A real alert never waits for it, and never says DRILL."
ASKED_BEFORE: Final = "You are asked because nobody has answered the earlier message of this drill."


@dataclass(frozen=True, slots=True)
class DrillDigest:
    reference: str
    council: str
    tier: str  # the tier of the council's policy that the contact belongs to
    link: str
    created_at: datetime
    asked_before: bool  # True if an earlier tier of the council did not answer
    monthly: bool  # False if a person of the council started the drill
    clock_note: str | None = None  # shown at the top while the clock is simulated
    restored_note: str | None = None


def render_drill(digest: DrillDigest) -> Message:
    council = shown_name(digest.council)
    context = {
        "digest": digest,
        "subject": _subject(digest, council),
        "council": council,
        "tier": shown_name(digest.tier),
        "created": moment(digest.created_at),
        "no_risk": NO_RISK,
        "why": [
            *([ASKED_BEFORE] if digest.asked_before else []),
            f"It comes once a month. {WHY}" if digest.monthly else f"Somebody of your council started it. {WHY}",
            SILENCE,
            NOTHING_ELSE,
        ],
        "by_hand": BY_HAND,
    }
    return Message(_subject(digest, council), template("drill.txt.j2", context), template("drill.html.j2", context))


def _subject(digest: DrillDigest, council: str) -> str:
    tail = f" [{digest.reference}]"
    room = SUBJECT_LIMIT - len(LEAD) - len(tail) - len(" ()")
    return f"{LEAD} ({shortened(council, room)}){tail}"
