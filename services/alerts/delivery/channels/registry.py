"""Every channel, declared once. What is known of channels elsewhere is asked of this list."""

from typing import Final

from services.alerts.delivery.channels.apprise.apprise_channel import APPRISE
from services.alerts.delivery.channels.mail.mail_channel import MAIL
from services.alerts.delivery.channels.port import ChannelKind

CHANNELS: Final[tuple[ChannelKind, ...]] = (MAIL,)
OTHERWISE: Final = APPRISE
"""Takes the routes whose scheme is none of theirs."""

EXAMPLE_ROUTE: Final = MAIL.example
"""The route that help texts show."""

_BY_SCHEME: Final = {scheme: kind for kind in CHANNELS for scheme in kind.schemes}


def channel_of(route: str) -> ChannelKind:
    """The channel that a route goes by, whether or not it can be used."""
    scheme, separator, _ = route.strip().partition("://")
    return _BY_SCHEME.get(scheme.lower(), OTHERWISE) if separator else OTHERWISE
