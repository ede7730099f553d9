"""Mail servers: routes that begin with `mailto://` or `mailtos://`."""

from email.errors import MessageError

from services.alerts.delivery.channels.library import AppriseException
from services.alerts.delivery.channels.mail.mail_message import build_mail
from services.alerts.delivery.channels.mail.smtp import submit
from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.delivery.channels.routes import RouteRefusedError, read_mail_route
from services.alerts.message.message import Message

_NOT_BUILT = SendResult(SendOutcome.FAILED_PERMANENT, "message_not_built")


class MailChannel:
    """Sends over SMTP itself: Apprise reads the route and builds the mail, but hides how a send failed.

    A whole send takes no longer than `seconds`.
    """

    def __init__(self, seconds: float = 30.0) -> None:
        self._seconds = seconds

    def send(self, route: str, message: Message, reference: str) -> SendResult:
        try:
            service = read_mail_route(route)
            mail = build_mail(service, message, reference)
        except RouteRefusedError as refused:
            return refused.result
        except (MessageError, AppriseException, ValueError):
            return _NOT_BUILT
        return submit(service, mail, self._seconds)
