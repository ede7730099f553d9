"""Keeps Apprise's logs out of Pullcord's logs, because Apprise logs recipients."""

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
    "WarningCounter",
    "is_email",
]

# These loggers write recipients and URLs. None of their messages reach our handlers.
TALKATIVE = ("apprise", "urllib3", "requests_oauthlib", "oauthlib", "slixmpp", "notifications_python_client")

# Describes the sender of messages. No picture is named, so that no mail program fetches one from another server.
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


class WarningCounter(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.complaints = 0
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        # The level DEPRECATE of Apprise lies above ERROR, but is no complaint about the route.
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
