import re
from urllib.parse import unquote

from services.alerts.delivery.channels.library import ASSET
from services.alerts.delivery.channels.mail.addresses import NoAddressError, read_mailbox
from services.alerts.delivery.channels.notify.govuk_notify_plugin import (
    FEWEST_LINES,
    MOST_LINES,
    SCHEME,
    NotifyGovUkNotify,
    NotifyKind,
)
from services.alerts.delivery.channels.refusals import (
    NO_RECIPIENT,
    NOT_UNDERSTOOD,
    NOTIFY_KEY,
    NOTIFY_RECIPIENT,
    OPTION,
    SEVERAL,
    RouteRefusedError,
)
from services.alerts.delivery.channels.written import WrittenRoute, read_written
from services.core.telephone.telephone import normalise_number

_OPTIONS = frozenset({"to", "kind"})
_LIKE_NUMBERS = re.compile(r"[\d\s().+-]+")
_NOT_AT_A_START = "@()=[]”\\/,<>"  # GOV.UK Notify refuses a line of a postal address that begins with one of these


def read_notify_route(route: str) -> NotifyGovUkNotify:
    """Raises RouteRefusedError if the route is faulty, or does not name exactly one recipient."""
    written = read_written(route)
    if written.scheme != SCHEME or not written.authority:
        raise RouteRefusedError(NOT_UNDERSTOOD)
    if written.options.keys() - _OPTIONS:
        raise RouteRefusedError(OPTION)
    template, *named = [*written.path, ""]
    recipients = [part for part in (*named, written.options.get("to", "")) if part]
    kind = _kind(written, recipients)
    try:
        return NotifyGovUkNotify(unquote(written.authority), template, _read(kind, recipients), kind, asset=ASSET)
    except TypeError:
        raise RouteRefusedError(NOTIFY_KEY) from None


def _kind(written: WrittenRoute, recipients: list[str]) -> NotifyKind:
    given = written.options.get("kind")
    if given is None:
        return NotifyKind.EMAIL if any("@" in one for one in recipients) else NotifyKind.SMS
    try:
        return NotifyKind(given)
    except ValueError:
        raise RouteRefusedError(OPTION) from None


def _read(kind: NotifyKind, recipients: list[str]) -> list[str]:
    if not recipients:
        raise RouteRefusedError(NO_RECIPIENT)
    if kind is NotifyKind.LETTER:
        return _postal_address(recipients)
    if len(recipients) > 1:
        raise RouteRefusedError(SEVERAL)
    return [_mailbox(recipients[0]) if kind is NotifyKind.EMAIL else _number(recipients[0])]


def _mailbox(text: str) -> str:
    try:
        return read_mailbox(text).address
    except NoAddressError:
        raise RouteRefusedError(NOTIFY_RECIPIENT) from None


def _number(text: str) -> str:
    number = normalise_number(text) if _LIKE_NUMBERS.fullmatch(text) else None
    if number is None:
        raise RouteRefusedError(NOTIFY_RECIPIENT)
    return number


def _postal_address(lines: list[str]) -> list[str]:
    read = [line.strip() for line in lines]
    fits = FEWEST_LINES <= len(read) <= MOST_LINES
    if not fits or not all(line and line.isprintable() and line[0] not in _NOT_AT_A_START for line in read):
        raise RouteRefusedError(NOTIFY_RECIPIENT)
    return read
