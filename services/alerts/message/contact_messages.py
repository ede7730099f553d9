from __future__ import annotations

from services.alerts.message.message import Message
from services.alerts.message.wording import shown_name


def trial_message(base_url: str) -> Message:
    lines = (
        "This is a test of the way by which Pullcord tells your team about telecare alarms at risk.",
        "No alarm is at risk because of it, and nobody needs to act.",
        f"Links in alerts will begin with {base_url}",
    )
    return _plain("Test message from Pullcord: nothing to do", lines)


def code_message(council: str, code: str, minutes: int) -> Message:
    lines = (
        f"The code is {code}. It works for {minutes} minutes.",
        f"Give it to whoever asked you for it. Pullcord then knows that {shown_name(council)} reads this address.",
        "If nobody asked you, do nothing: the code ends by itself.",
    )
    # A text message holds the subject, and the text only if it fits.
    return _plain(f"Pullcord code {code}", lines)


def _plain(subject: str, lines: tuple[str, ...]) -> Message:
    html = "".join(f"<p>{line}</p>" for line in lines)
    return Message(subject, "\n\n".join(lines) + "\n", f'<!DOCTYPE html><html lang="en-GB"><body>{html}</body></html>')
