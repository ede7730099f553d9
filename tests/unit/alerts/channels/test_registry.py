from __future__ import annotations

from collections import Counter

import pytest

from services.alerts.delivery.channels.port import ChannelKind, ChannelSettings
from services.alerts.delivery.channels.registry import CHANNELS, OTHERWISE, channel_of
from services.alerts.delivery.channels.routed_channel import make_routed_channel
from services.alerts.delivery.channels.routes import UNREADABLE, destination_of, what_is_understood
from services.alerts.message.message import Message

EVERY = (*CHANNELS, OTHERWISE)
MESSAGE = Message("Act by Thu 3 December [A-1]", "Two lines need action.\n", "<p>Two lines need action.</p>")


def name_of(kind: ChannelKind) -> str:
    return kind.example.partition(":")[0]


@pytest.mark.parametrize("kind", EVERY, ids=name_of)
def test_its_example_is_a_route_that_goes_by_it(kind: ChannelKind) -> None:
    assert channel_of(kind.example) is kind
    assert what_is_understood(kind.example)
    assert destination_of(kind.example) != UNREADABLE


@pytest.mark.parametrize("kind", EVERY, ids=name_of)
def test_where_a_route_goes_is_said_without_its_password(kind: ChannelKind) -> None:
    assert "password" not in what_is_understood(kind.example) + destination_of(kind.example)


@pytest.mark.parametrize("kind", EVERY, ids=name_of)
def test_a_route_that_it_does_not_understand_fails_for_good(kind: ChannelKind) -> None:
    route = f"{next(iter(kind.schemes), 'nosuchservice')}://"
    result = make_routed_channel(ChannelSettings(1.0)).send(route, MESSAGE, "A-1.1")
    assert (result.outcome.value, destination_of(route)) == ("failed_permanent", UNREADABLE)


def test_no_scheme_is_that_of_two_channels() -> None:
    schemes = Counter(scheme for kind in CHANNELS for scheme in kind.schemes)
    assert [scheme for scheme, count in schemes.items() if count > 1 or scheme != scheme.lower()] == []
    assert all(kind.schemes for kind in CHANNELS)
