"""Reads mail addresses without Apprise, because Apprise misreads some of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

from services.alerts.delivery.channels.library import ASSET, Apprise, NotifyEmail, SMTPSecureMode
from services.alerts.delivery.channels.mail.addresses import MailAddress, NoAddressError, holds_several, read_mailbox
from services.alerts.delivery.channels.refusals import (
    ENCRYPTED,
    HEADER,
    NO_RECIPIENT,
    NOT_UNDERSTOOD,
    OPTION,
    RECIPIENT,
    REPLY,
    SENDER,
    SEVERAL,
    RouteRefusedError,
)
from services.alerts.delivery.channels.written import WrittenRoute, read_written

SCHEMES: Final = frozenset({"mailto", "mailtos"})

_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]"
_AUTHORITY = re.compile(
    rf"(?:(?P<user>[^@:#\\\s]+)(?::(?P<password>[^@:#\\\s]*))?@)?(?P<host>{_HOST})(?::(?P<port>[0-9]{{1,5}}))?"
)
_ADDRESSES = frozenset({"to", "from", "name", "reply", "cc", "bcc"})
_SIGN_IN = frozenset({"user", "password", "pass", "port"})
_OPTIONS = frozenset(NotifyEmail.template_args) | _SIGN_IN
# Apprise gets these addresses in place of the real addresses, which are set afterwards.
_STANDS_IN = "from=stand-in%40pullcord.example&to=stand-in%40pullcord.example"

_HEADER_NAME = re.compile(r"[A-Za-z0-9-]+")
_ADDRESSING = frozenset({"to", "cc", "bcc", "from", "sender", "reply-to", "return-path", "errors-to"})
_ADDRESSING_STARTS = ("resent-", "disposition-notification-", "apparently-", "delivered-")


@dataclass(frozen=True, slots=True)
class Addresses:
    recipient: MailAddress
    sender: MailAddress
    reply: MailAddress | None  # the address for answers, if it is not the sender


def read_mail_route(route: str, *, without_tls: bool = False) -> NotifyEmail:
    """Return the mail service for a route. `without_tls` lets a `mailto://` route send without encryption.

    Raises RouteRefusedError if the route is faulty.
    """
    written = read_written(route)
    authority = _AUTHORITY.fullmatch(written.authority)
    if written.scheme not in SCHEMES or authority is None:
        raise RouteRefusedError(NOT_UNDERSTOOD)
    _check_options(written.options)
    headers = _headers(written.options)
    addresses = Addresses(_recipient(written), _sender(written, authority), _reply(written.options))
    service = _with(_server(written), addresses, headers)
    if service.secure_mode == SMTPSecureMode.INSECURE and not _may_be_plain(written, without_tls=without_tls):
        # A server that offers no TLS then gets no mail: the attempt fails, and the operator learns it.
        service.secure_mode = SMTPSecureMode.STARTTLS
    return service


def _may_be_plain(written: WrittenRoute, *, without_tls: bool) -> bool:
    mode = written.options.get("mode", "")
    # `mailtos` asks for TLS, whatever the mode says.
    return written.scheme == "mailto" and (mode.lower() == SMTPSecureMode.INSECURE or (without_tls and not mode))


def _check_options(options: Mapping[str, str]) -> None:
    # An unknown option may be a misspelt recipient, so it is refused instead of ignored.
    for name, value in options.items():
        if not name.startswith("+") and (name not in _OPTIONS or not (value.isprintable() or name in _ADDRESSES)):
            raise RouteRefusedError(OPTION)
    if not re.fullmatch(rf"(?:{_HOST})?", options.get("smtp", "")):
        raise RouteRefusedError(OPTION)


def _recipient(written: WrittenRoute) -> MailAddress:
    given = [*written.path, *filter(None, [written.options.get("to")])]
    if len(given) > 1 or written.options.get("cc") or written.options.get("bcc"):
        raise RouteRefusedError(SEVERAL)
    if not given:
        raise RouteRefusedError(NO_RECIPIENT)
    return _read(given[0], SEVERAL if holds_several(given[0]) else RECIPIENT)


def _sender(written: WrittenRoute, authority: re.Match[str]) -> MailAddress:
    # The sender is the address in `from=`. Without `from=` the sender is the user name of the sign-in. A user name
    # without a domain gets the server's.
    name = written.options.get("name", "")
    if not name.isprintable():
        raise RouteRefusedError(SENDER)
    if given := written.options.get("from", ""):
        sender = _read(given, SENDER)
        return MailAddress(sender.address, name or sender.name)
    user = written.options.get("user") or unquote(authority["user"] or "")
    return MailAddress(
        _read(user if "@" in user else f"{user}@{authority['host']}", SENDER).address, name or ASSET.app_id
    )


def _reply(options: Mapping[str, str]) -> MailAddress | None:
    return _read(options["reply"], REPLY) if options.get("reply") else None


def _read(text: str, code: str) -> MailAddress:
    try:
        return read_mailbox(text)
    except NoAddressError:
        raise RouteRefusedError(code) from None


def _headers(options: Mapping[str, str]) -> dict[str, str]:
    # The route may set headers, such as `+X-Council=…`. A header that names a sender or a recipient is refused.
    headers = {name[1:]: value for name, value in options.items() if name.startswith("+")}
    for name, value in headers.items():
        small = name.lower()
        if small in _ADDRESSING or small.startswith(_ADDRESSING_STARTS):
            raise RouteRefusedError(HEADER)
        # A line break in a value would begin another header.
        if not _HEADER_NAME.fullmatch(name) or not value.isprintable():
            raise RouteRefusedError(HEADER)
    return headers


def _server(written: WrittenRoute) -> NotifyEmail:
    server_options = {
        name: value for name, value in written.options.items() if name not in _ADDRESSES and name[:1] != "+"
    }
    options = "".join(f"&{name}={quote(value, safe='')}" for name, value in server_options.items())
    service = Apprise.instantiate(f"{written.scheme}://{written.authority}?{_STANDS_IN}{options}", asset=ASSET)
    if not isinstance(service, NotifyEmail):
        raise RouteRefusedError(NOT_UNDERSTOOD)
    # `build_mail` cannot encrypt. A route that asks for encryption is refused, so that no mail goes out in the clear.
    if service.pgp_mode != "no":
        raise RouteRefusedError(ENCRYPTED)
    return service


def addresses_of(service: NotifyEmail) -> Addresses:
    (name, address), (sender_name, sender) = service.targets[0], service.from_addr
    reply = next((MailAddress(one, str(service.names[one] or "")) for one in service.reply_to), None)
    return Addresses(MailAddress(address, str(name or "")), MailAddress(str(sender), str(sender_name or "")), reply)


def _with(service: NotifyEmail, addresses: Addresses, headers: dict[str, str]) -> NotifyEmail:
    reply = addresses.reply
    service.targets = [(addresses.recipient.name or False, addresses.recipient.address)]
    service.from_addr = [addresses.sender.name or False, addresses.sender.address]
    service.reply_to = {reply.address} if reply else set()
    service.names = {reply.address: reply.name or False} if reply else {}
    service.headers = headers
    service.retry = 0  # the dispatcher decides when to try again
    return service
