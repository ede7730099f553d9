from typing import Final

from services.alerts.delivery.channels.apprise.apprise_channel import APPRISE
from services.alerts.delivery.channels.mail.mail_channel import MAIL
from services.alerts.delivery.channels.notify.notify_channel import NOTIFY
from services.alerts.delivery.channels.port import ChannelKind
from services.alerts.delivery.channels.webhook.webhook_channel import WEBHOOK

CHANNELS: Final[tuple[ChannelKind, ...]] = (MAIL, NOTIFY, WEBHOOK)
OTHERWISE: Final = APPRISE  # for every scheme that no channel above declares
EXAMPLE_ROUTE: Final = MAIL.example  # shown in help texts

_BY_SCHEME: Final = {scheme: kind for kind in CHANNELS for scheme in kind.schemes}


def channel_of(route: str) -> ChannelKind:
    # Only the scheme of the route decides. The channel may still refuse the route.
    scheme, separator, _ = route.strip().partition("://")
    return _BY_SCHEME.get(scheme.lower(), OTHERWISE) if separator else OTHERWISE
