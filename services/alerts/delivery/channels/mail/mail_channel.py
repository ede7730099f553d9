from email.errors import MessageError

from services.alerts.delivery.channels.library import AppriseException, SMTPSecureMode
from services.alerts.delivery.channels.mail.mail_message import build_mail
from services.alerts.delivery.channels.mail.mail_route import SCHEMES, addresses_of, read_mail_route
from services.alerts.delivery.channels.mail.smtp import submit
from services.alerts.delivery.channels.port import ChannelKind, SendOutcome, SendResult, host_and_port
from services.alerts.delivery.channels.refusals import RouteRefusedError
from services.alerts.message.message import Message

_NOT_BUILT = SendResult(SendOutcome.FAILED_PERMANENT, "message_not_built")


class MailChannel:
    """Sends mail without Apprise, because Apprise hides the reason for a failure."""

    def __init__(self, seconds: float = 30.0, *, without_tls: bool = False) -> None:
        self._seconds = seconds  # the longest time that one attempt may take
        self._without_tls = without_tls  # the operator's word that routes without a mode need no TLS

    def send(self, route: str, message: Message, reference: str) -> SendResult:
        try:
            service = read_mail_route(route, without_tls=self._without_tls)
            mail = build_mail(service, message, reference)
        except RouteRefusedError as refused:
            return refused.result
        except (MessageError, AppriseException, ValueError):
            return _NOT_BUILT
        return submit(service, mail, self._seconds)


def _destination(route: str) -> str:
    server = read_mail_route(route)
    return host_and_port(server.smtp_host, server.port)


def _understood(route: str) -> str:
    mail = read_mail_route(route)
    who = addresses_of(mail)
    answers = f", answers to {who.reply}" if who.reply else ""
    plain = " without TLS" if mail.secure_mode == SMTPSecureMode.INSECURE else ""
    return f"mail to {who.recipient} through {mail.smtp_host}:{mail.port}{plain}, from {who.sender}{answers}"


MAIL = ChannelKind(
    schemes=SCHEMES,
    example="mailtos://user:password@mail.example?to=desk@council.example",
    make=lambda chosen: MailChannel(chosen.seconds, without_tls=chosen.mail_without_tls),
    destination=_destination,
    understood=_understood,
)
