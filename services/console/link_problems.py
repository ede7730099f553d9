"""The texts name no council, alert or case."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class LinkProblem(StrEnum):
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    REPLACED = "replaced"
    REVOKED = "revoked"
    REMOVED = "removed"
    ONLY_CHANGES = "only_changes"
    NOTHING_OPEN = "nothing_open"
    CHANGED = "changed"


STATUS: Final[Mapping[LinkProblem, int]] = MappingProxyType(
    {
        LinkProblem.UNKNOWN: 404,
        LinkProblem.EXPIRED: 410,
        LinkProblem.REPLACED: 410,
        LinkProblem.REVOKED: 410,
        LinkProblem.REMOVED: 410,
        LinkProblem.CHANGED: 409,
        LinkProblem.ONLY_CHANGES: 200,
        LinkProblem.NOTHING_OPEN: 200,
    }
)
_NEWEST: Final = (
    "Use the link in the newest message that you have from Pullcord. If you have no newer message, call your telecare "
    "team: a colleague can record that you are acting."
)
_REMOVED: Final = (
    "Its message went to somebody who is no longer a contact of the council. If that is a mistake, call your telecare "
    "team."
)
_ONLY_CHANGES: Final = (
    "Changes to the cases of this alert wait until somebody agrees. Use the link to the changes in the newest message."
)
# A title, and what to do.
PROBLEM_TEXTS: Final[Mapping[LinkProblem, tuple[str, str]]] = MappingProxyType(
    {
        LinkProblem.UNKNOWN: (
            "We do not know this link",
            "The link may be cut short. Copy all of it from the message. Each link opens one page only.",
        ),
        LinkProblem.EXPIRED: ("This link has expired", f"A link works for a few days only. {_NEWEST}"),
        LinkProblem.REPLACED: ("A newer message has replaced this link", _NEWEST),
        LinkProblem.REVOKED: ("This link was revoked", f"Somebody has ended it on purpose. {_NEWEST}"),
        LinkProblem.REMOVED: ("This link belongs to a contact who was removed", _REMOVED),
        LinkProblem.CHANGED: (
            "Something has changed since this message",
            "Its cases are more urgent now, or have news. Use the link in the latest message about them.",
        ),
        LinkProblem.ONLY_CHANGES: ("Nothing is left to acknowledge", _ONLY_CHANGES),
        LinkProblem.NOTHING_OPEN: ("Nothing is left to acknowledge", "No case of this alert is open any more."),
    }
)
