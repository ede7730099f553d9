import re
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

_NAMED = re.compile(r'(?:"(?P<quoted>[^"]*)"|(?P<plain>[^"<>]*))\s*<(?P<address>[^<>]*)>')
_NOT_IN_A_NAME = frozenset('@,;:\\()[]<>"')
_BETWEEN = re.compile(r"[\s,;|/&]+")
_HOST = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z][A-Za-z0-9-]*")


class NoAddressError(ValueError):
    """A text is not an address. The error never repeats the text."""


@dataclass(frozen=True, slots=True)
class MailAddress:
    address: str
    # The display name before the address, if any.
    name: str = ""

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


def read_address(text: str) -> str:
    """Raises NoAddressError unless the text is exactly one address."""
    # Quoted local parts, comments, blanks and non-ASCII letters before the @ are refused: mail servers read them in
    # different ways, and the mail could reach somebody else.
    if not text.isprintable():
        raise NoAddressError("a sign that cannot be seen")
    try:
        found = validate_email(
            text,
            allow_smtputf8=False,
            allow_quoted_local=False,
            allow_domain_literal=False,
            check_deliverability=False,
            globally_deliverable=False,  # a council's own network may use .local; tests use .example
            strict=True,
        )
    except EmailNotValidError:
        raise NoAddressError("no e-mail address") from None
    # The local part stays as written: the validator may normalise it, and a server may treat the two forms differently.
    local, _, domain = text.rpartition("@")
    host = domain if domain.isascii() else found.ascii_domain or ""
    if not _HOST.fullmatch(host):
        raise NoAddressError("no domain after the @")
    return f"{local}@{host}"


def read_mailbox(text: str) -> MailAddress:
    """Raises NoAddressError unless the text is `Name <address>` or an address."""
    named = _NAMED.fullmatch(text)
    if named is None:
        return MailAddress(read_address(text))
    name = (named["quoted"] or named["plain"] or "").strip()
    if not name.isprintable() or not _NOT_IN_A_NAME.isdisjoint(name):
        raise NoAddressError("a name that could be read as an address")
    return MailAddress(read_address(named["address"]), name)


def holds_several(text: str) -> bool:
    return sum("@" in word for word in _BETWEEN.split(text)) > 1
