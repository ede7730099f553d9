"""Loads Apprise, and keeps its logs out of ours.

Apprise logs recipients, and the HTTP libraries below it log URLs, which hold telephone numbers and tokens.
"""

import logging
import threading
import warnings
from types import TracebackType
from typing import Self

with warnings.catch_warnings():
    # Apprise imports this deprecated module and never uses it.
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

# The loggers that write recipients and URLs. Nothing from them reaches our handlers.
TALKATIVE = ("apprise", "urllib3", "requests_oauthlib", "oauthlib", "slixmpp")

# The sender. No picture is named: a message must not make a reader's device fetch one from another server.
ASSET = AppriseAsset(
    app_id="Pullcord",
    app_desc="Telecare line alerts",
    app_url="",
    image_url_mask="",
    image_url_logo="",
    http_redirects=False,  # a redirect could carry the message to a host that nobody checked
)


def _keep_quiet(name: str) -> None:
    logger = logging.getLogger(name)
    logger.propagate = False
    logger.addHandler(logging.NullHandler())


for _name in TALKATIVE:
    _keep_quiet(_name)


class Overheard(logging.Handler):
    """Counts Apprise's warnings and errors in this thread while it is entered. Their texts are not kept."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.complaints = 0
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        # Apprise's own level DEPRECATE lies above ERROR, and is no complaint about the route.
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
