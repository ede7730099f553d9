"""Apprise as this package uses it: loaded once, and kept out of our logs.

Apprise logs recipients, and the HTTP library below it logs URLs, which hold telephone numbers and tokens. What they
say stays with them: the result of a send tells what an operator needs.
"""

import logging
import threading
import warnings
from types import TracebackType
from typing import Self

with warnings.catch_warnings():
    # Apprise imports this module of the standard library and makes no use of it.
    warnings.filterwarnings("ignore", "'imghdr' is deprecated", DeprecationWarning)
    from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType
    from apprise.exception import AppriseException
    from apprise.plugins.base import NotifyBase
    from apprise.plugins.email.base import NotifyEmail
    from apprise.plugins.email.smtp import SMTPSecureMode
    from apprise.utils.parse import is_email

__all__ = [
    "ASSET",
    "Apprise",
    "AppriseException",
    "NotifyBase",
    "NotifyEmail",
    "NotifyFormat",
    "NotifyType",
    "SMTPSecureMode",
    "Overheard",
    "is_email",
]

TALKATIVE = ("apprise", "urllib3", "requests_oauthlib", "oauthlib", "slixmpp")
"""The loggers that speak of recipients and URLs; nothing below them reaches our handlers."""

ASSET = AppriseAsset(
    app_id="Pullcord",
    app_desc="Telecare line alerts",
    app_url="",
    image_url_mask="",
    image_url_logo="",
    http_redirects=False,
)
"""Who the sender is. No picture is named: a message must not make a reader's device fetch one from elsewhere."""


def _keep_quiet(name: str) -> None:
    logger = logging.getLogger(name)
    logger.propagate = False
    logger.addHandler(logging.NullHandler())


for _name in TALKATIVE:
    _keep_quiet(_name)


class Overheard(logging.Handler):
    """Counts what Apprise complains of while this thread is within it; what it says is kept nowhere.

    A target that a service drops shows in no other way. Advice on what is out of date (DEPRECATE) is no complaint.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.complaints = 0
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread and record.levelno <= logging.ERROR:
            self.complaints += 1

    def __enter__(self) -> Self:
        _APPRISE.addHandler(self)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        _APPRISE.removeHandler(self)
        self.close()


_APPRISE = logging.getLogger("apprise")
_APPRISE.setLevel(logging.WARNING)
