"""Apprise as this package uses it: loaded once, and kept out of our logs.

Apprise logs recipients, and the HTTP library below it logs URLs, which hold telephone numbers and tokens. What they
say stays with them: the result of a send tells what an operator needs.
"""

import logging
import warnings

with warnings.catch_warnings():
    # Apprise imports this module of the standard library and makes no use of it.
    warnings.filterwarnings("ignore", "'imghdr' is deprecated", DeprecationWarning)
    from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType
    from apprise.exception import AppriseException
    from apprise.plugins.base import NotifyBase
    from apprise.plugins.email.base import NotifyEmail
    from apprise.plugins.email.smtp import SMTPSecureMode
    from apprise.utils.parse import parse_emails

__all__ = [
    "ASSET",
    "Apprise",
    "AppriseException",
    "NotifyBase",
    "NotifyEmail",
    "NotifyFormat",
    "NotifyType",
    "SMTPSecureMode",
    "parse_emails",
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
