from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.console.link_problems import PROBLEM_TEXTS, LinkProblem
from services.console.pages import NAME_ERRORS, FormError, render_page

_ASK: Final = (
    "Somebody else may have answered the drill already. If not, a colleague whose system works with Pullcord can "
    "record the answer."
)
# Anybody may see these texts: they name no council and no drill.
_REMEDIES: Final = {
    LinkProblem.EXPIRED: f"A link works for a few days only. {_ASK}",
    LinkProblem.REVOKED: f"Somebody has ended it on purpose. {_ASK}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillView:
    council: str
    reference: str
    answered_at: datetime | None  # None while nobody has answered
    form_action: str
    csp_nonce: str
    clock_note: str | None = None
    name: str = ""  # the name in a form that was refused
    error: FormError | None = None  # the fault of a form that was refused


def drill_page(view: DrillView) -> str:
    error = NAME_ERRORS[view.error] if view.error else None
    return render_page("drill.html.j2", view=view, csp_nonce=view.csp_nonce, name_error=error)


def drill_problem_page(problem: LinkProblem, *, csp_nonce: str) -> str:
    title, remedy = PROBLEM_TEXTS[problem]
    said = _REMEDIES.get(problem, remedy)
    return render_page("drill_problem.html.j2", title=title, remedy=said, csp_nonce=csp_nonce)
