from collections.abc import Callable, Mapping

from services.alerts.delivery.channels.port import Channel, ChannelKind, ChannelSettings, SendResult
from services.alerts.delivery.channels.registry import CHANNELS, OTHERWISE, channel_of
from services.alerts.delivery.receipts.receipt import DeliveryReceipt
from services.alerts.message.message import Message


class RoutedChannel:
    def __init__(self, channels: Mapping[ChannelKind, Channel]) -> None:
        self._channels = channels

    def send(self, route: str, message: Message, reference: str) -> SendResult:
        return self._channels[channel_of(route)].send(route, message, reference)


def make_routed_channel(settings: ChannelSettings) -> RoutedChannel:
    return RoutedChannel({kind: kind.make(settings) for kind in (*CHANNELS, OTHERWISE)})


def make_receipt_look_up(settings: ChannelSettings) -> Callable[[str, str], DeliveryReceipt | None]:
    known = {kind: kind.receipts(settings) for kind in CHANNELS if kind.receipts is not None}

    def look_up(route: str, reference: str) -> DeliveryReceipt | None:
        asked = known.get(channel_of(route))
        return asked(route, reference) if asked else None

    return look_up
