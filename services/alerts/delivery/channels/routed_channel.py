"""Which channel a route takes."""

from services.alerts.delivery.channels.apprise_channel import AppriseChannel
from services.alerts.delivery.channels.mail.mail_channel import MailChannel
from services.alerts.delivery.channels.port import Channel, SendResult
from services.alerts.delivery.channels.routes import is_mail
from services.alerts.message.message import Message


class RoutedChannel:
    """Mail servers by our own conversation, everything else by Apprise."""

    def __init__(self, mail: Channel | None = None, others: Channel | None = None) -> None:
        self._mail = mail or MailChannel()
        self._others = others or AppriseChannel()

    def send(self, route: str, message: Message, reference: str) -> SendResult:
        channel = self._mail if is_mail(route) else self._others
        return channel.send(route, message, reference)
