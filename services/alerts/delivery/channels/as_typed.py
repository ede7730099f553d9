"""Turns a typed text into the route to a contact. The text is an address, a number or a route."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from services.alerts.delivery.channels.mail.addresses import MailAddress, NoAddressError, read_mailbox
from services.core.errors import RefusedError
from services.core.telephone.telephone import normalise_number

# Outlook copies `Bloggs, Jo <jo@council.example>`.
_NAMED: Final = re.compile(r"(?P<name>[^<>@]*)<(?P<address>[^<>]*)>")
_LAST_FIRST: Final = re.compile(r"\s*(?P<last>[^,]+),\s*(?P<first>[^,]+)")
_NOT_IN_A_NAME: Final = re.compile(r'[,;:\\()\[\]<>"]+')
_LIKE_A_NUMBER: Final = re.compile(r"[+(\d][\d\s().+-]{6,}")

NO_MAIL_SERVER: Final = (
    "a mail address needs your mail server: run `pullcord init` on a terminal, which asks for it, or set "
    "PULLCORD_MAIL_SERVER; or give a whole Apprise address instead"
)
NO_TEXT_SERVICE: Final = (
    "a telephone number needs your text message service: set PULLCORD_TEXT_SERVICE to its Apprise address without a "
    "number; or give a whole Apprise address instead"
)
NEITHER: Final = (
    "the contact is not exactly one mail address or UK telephone number: give one, such as "
    "`Jo Bloggs <jo@council.example>`"
)


def route_as_typed(typed: str, mail_server: str | None, text_service: str | None) -> str:
    """Return the route to a contact. A route (`scheme://…`) and a text of unknown form are returned unchanged.

    `mail_server` and `text_service` are routes without a target. A mail address is added to `mail_server`, and a
    telephone number to `text_service`. Raises RefusedError if the needed route is not set, or if the address or number
    cannot be read. The text of the error never contains what was typed.
    """
    text = " ".join(typed.split())
    if "://" in text:
        return text
    text = text.removeprefix("mailto:")
    if "@" in text:
        return _by_mail(_mailbox(text), mail_server)
    if _LIKE_A_NUMBER.fullmatch(text):
        return _by_text(text, text_service)
    return text


def _mailbox(text: str) -> MailAddress:
    named = _NAMED.fullmatch(text)
    try:
        if named is None:
            return read_mailbox(text)
        return MailAddress(read_mailbox(named["address"].strip()).address, _name(named["name"]))
    except NoAddressError:
        raise RefusedError(NEITHER) from None


def _name(written: str) -> str:
    plain = written.strip().strip('"')
    swapped = _LAST_FIRST.fullmatch(plain)
    ordered = f"{swapped['first']} {swapped['last']}" if swapped else plain
    return " ".join(_NOT_IN_A_NAME.sub(" ", ordered).split())


def _by_mail(to: MailAddress, server: str | None) -> str:
    if server is None:
        raise RefusedError(NO_MAIL_SERVER)
    return f"{server}{'&' if '?' in server else '?'}to={quote(str(to), safe='')}"


def _by_text(typed: str, service: str | None) -> str:
    number = normalise_number(typed)
    if number is None:
        raise RefusedError(NEITHER)
    if service is None:
        raise RefusedError(NO_TEXT_SERVICE)
    # The number is the last part of the path, before any options.
    place, question, options = service.partition("?")
    return f"{place.rstrip('/')}/{number}{question}{options}"
