from __future__ import annotations

import pytest

from services.core.errors import RefusedError
from services.storage.feeds import Kind, add_feed, feed_id_of, list_feeds
from services.storage.store import Store


@pytest.mark.parametrize(
    ("kind", "code", "feed_id"),
    [
        ("provider", "RAVN", "provider:RAVN"),
        ("provider", " ravn ", "provider:RAVN"),
        ("council", "E06000009", "council:E06000009"),
        ("council", "w06000015", "council:W06000015"),
    ],
)
def test_a_feed_is_named_by_its_kind_and_code(kind: Kind, code: str, feed_id: str) -> None:
    assert feed_id_of(kind, code) == feed_id


@pytest.mark.parametrize(
    ("kind", "code"),
    [("provider", "RAV"), ("provider", "RAVEN"), ("provider", "R4VN"), ("provider", ""), ("council", "Blackpool")]
    + [("council", code) for code in ("X06000009", "E0600000", "E060000099", "E06000009;")],
)
def test_a_code_of_another_form_is_refused_with_an_example(kind: Kind, code: str) -> None:
    with pytest.raises(RefusedError, match="such as"):
        feed_id_of(kind, code)


def test_adding_again_keeps_what_is_known(store: Store) -> None:
    add_feed(store, "provider", "RAVN", "Raven Telecom")
    assert add_feed(store, "provider", "ravn", "Another name") == "provider:RAVN"
    with store.reading() as connection:
        (feed,) = list_feeds(connection)
    assert feed.name == "Raven Telecom"
    assert feed.last_heard_at is None


def test_feeds_are_listed_by_kind_and_code(store: Store) -> None:
    for kind, code in (("provider", "RAVN"), ("council", "W06000015"), ("provider", "ALDR"), ("council", "E06000009")):
        add_feed(store, kind, code, code)  # type: ignore[arg-type]
    with store.reading() as connection:
        assert [feed.code for feed in list_feeds(connection)] == ["E06000009", "W06000015", "ALDR", "RAVN"]
        assert [feed.code for feed in list_feeds(connection, "provider")] == ["ALDR", "RAVN"]
