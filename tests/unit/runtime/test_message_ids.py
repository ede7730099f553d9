from __future__ import annotations

from types import SimpleNamespace

import pytest

from services.runtime.kafka.brokers.publishing import ID_HEADER
from services.runtime.kafka.worker import ID_LENGTH, _canary_published_at, _stored

ID = "019a8c3f2b107f3ea1b2c3d4e5f60718"


def message(headers: object, value: bytes | None = b"{}", key: bytes = b"") -> SimpleNamespace:
    return SimpleNamespace(headers=headers, value=value, key=key, topic="pullcord.notices")


def test_a_message_is_known_by_the_id_in_its_header() -> None:
    assert _stored("pullcord.notices", message([(ID_HEADER, ID.encode())])).event_id == ID


@pytest.mark.parametrize("headers", [None, [], [(ID_HEADER, None)], [(ID_HEADER, b"")], [(ID_HEADER, b"\xff1632")]])
def test_one_without_a_right_id_is_known_by_what_it_holds(headers: object) -> None:
    known = _stored("pullcord.notices", message(headers)).event_id
    assert len(known) == ID_LENGTH
    assert known == _stored("pullcord.notices", message(None)).event_id


@pytest.mark.parametrize("value", [None, b"", b"{}", b"canary"])
def test_what_only_looks_like_a_canary_is_none(value: bytes | None) -> None:
    assert _canary_published_at(message(None, value, b"canary")) is None
