from services.alerts.delivery.channels.apprise.apprise_route import read_route
from services.alerts.delivery.channels.apprise.understood import targets_of
from services.alerts.delivery.channels.library import NotifyBase, NotifyFormat, NotifyType
from services.alerts.delivery.channels.port import ACCEPTED, ChannelKind, SendOutcome, SendResult, host_and_port
from services.alerts.delivery.channels.refusals import RouteRefusedError
from services.alerts.message.message import Message
from services.alerts.message.short_form import link_of

_REFUSED = SendResult(SendOutcome.FAILED_TEMPORARY, "refused_by_service")
_CHANNEL_ERROR = SendResult(SendOutcome.IN_DOUBT, "channel_error")


class AppriseChannel:
    # Apprise reports success or failure, but no reason.
    def send(self, route: str, message: Message, reference: str) -> SendResult:  # noqa: ARG002 - the subject holds it
        try:
            service = read_route(route)
        except RouteRefusedError as refused:
            return refused.result
        body, body_format = _body(service, message)
        try:
            taken = service.notify(
                body=body, title=message.subject, body_format=body_format, notify_type=NotifyType.WARNING
            )
        except Exception:  # noqa: BLE001 - each service raises errors of its own, perhaps after it has sent
            return _CHANNEL_ERROR
        # Apprise gives no reason for a refusal, so it counts as temporary: a repeat is better than no message.
        return ACCEPTED if taken else _REFUSED


def _body(service: NotifyBase, message: Message) -> tuple[str, NotifyFormat]:
    # Apprise cuts a text that is too long, and could cut off the link. In that case only the link is sent.
    prefers_html = service.resolve_format(None) == NotifyFormat.HTML
    if prefers_html and _fits(service, message.subject, message.html):
        return message.html, NotifyFormat.HTML
    if _fits(service, message.subject, message.text):
        return message.text, NotifyFormat.TEXT
    return link_of(message) or message.subject, NotifyFormat.TEXT


def _fits(service: NotifyBase, subject: str, body: str) -> bool:
    # A service without titles gets the subject as the first line of the body.
    heading = f"{subject}\r\n" if service.title_maxlen <= 0 else ""
    lines = (heading + body).count("\n") + 1
    most_lines: int = service.body_max_line_count or lines
    return len(heading + body) <= service.body_maxlen and lines <= most_lines


def _destination(route: str) -> str:
    service = read_route(route)
    scheme = route.partition(":")[0].strip().lower()
    return f"{scheme}://{host_and_port(service.host, service.port)}"


def _understood(route: str) -> str:
    service = read_route(route)
    return " to ".join([str(service.service_name), *targets_of(service)])


APPRISE = ChannelKind(
    schemes=frozenset(),  # no scheme of its own: this channel takes every route that no other channel declares
    example="json://hook.example/alerts",
    make=lambda _settings: AppriseChannel(),
    destination=_destination,
    understood=_understood,
)
