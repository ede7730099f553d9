from itertools import takewhile

from services.alerts.message.message import Message


def short_form(message: Message, limit: int) -> str:
    """Return the subject and the link of the message, in at most `limit` characters.

    If the message has no link, the introduction takes the place of the link.
    """
    more = link_of(message) or _introduction(message)
    noted = f"{message.subject}\n{more}\n{message.short_note}"
    if message.short_note and len(noted) <= limit:
        return noted
    whole = f"{message.subject}\n{more}"
    if len(whole) <= limit:
        return whole
    # Only the link is left, or the subject of a message without a link.
    return (link_of(message) or message.subject)[:limit]


def _introduction(message: Message) -> str:
    # A telephone breaks the lines by itself, so each paragraph becomes one line.
    paragraphs = message.text.strip().split("\n\n")
    before = takewhile(lambda paragraph: not paragraph.strip().isupper(), paragraphs)
    return "\n".join(" ".join(paragraph.split()) for paragraph in before)


def link_of(message: Message) -> str | None:
    # A message to the operator has no link.
    return next((word for word in message.text.split() if word.startswith(("https://", "http://"))), None)
