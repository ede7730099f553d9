"""Sends each message over the channel of its route."""

from collections.abc import Mapping

from services.alerts.delivery.channels.port import Channel, ChannelKind, ChannelSettings, SendResult
from services.alerts.delivery.channels.registry import CHANNELS, OTHERWISE, channel_of
from services.alerts.message.message import Message


class RoutedChannel:
    def __init__(self, channels: Mapping[ChannelKind, Channel]) -> None:
        self._channels = channels

    def send(self, route: str, message: Message, reference: str) -> SendResult:
        return self._channels[channel_of(route)].send(route, message, reference)


def make_routed_channel(settings: ChannelSettings) -> RoutedChannel:
    return RoutedChannel({kind: kind.make(settings) for kind in (*CHANNELS, OTHERWISE)})
