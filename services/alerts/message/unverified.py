from __future__ import annotations

import textwrap
from dataclasses import replace
from typing import Final

from services.alerts.message.message import Message

NOTE: Final = (
    "Not verified: nobody has confirmed yet that this address is read, so others are told too. Ask whoever looks after "
    "Pullcord at your council to send it a code, and give the code back."
)
# For text messages.
SHORT_NOTE: Final = "Not verified: ask for a code from Pullcord."
_WIDTH: Final = 72
_BODY_ENDS: Final = "</body>"
_STYLE: Final = (
    "font-family:Arial,Helvetica,sans-serif;font-size:14px;line-height:20px;max-width:608px;margin:0 auto;padding:16px;"
)


def marked_unverified(message: Message) -> Message:
    before, _, after = message.html.rpartition(_BODY_ENDS)
    html = f'{before}<p class="faint" style="{_STYLE}">{NOTE}</p>\n{_BODY_ENDS}{after}' if before else message.html
    text = f"{message.text.rstrip()}\n\n{textwrap.fill(NOTE, _WIDTH)}\n"
    return replace(message, text=text, html=html, short_note=SHORT_NOTE)
