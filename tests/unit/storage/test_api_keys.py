from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from services.core.errors import ConflictError, NotFoundError
from services.storage.feeds import add_feed
from services.storage.secrets.keys import Caller, KeyEndedError, Role, create_key, find_caller, list_keys, revoke_key
from services.storage.store import Store
from services.storage.tables import api_keys, audit
from tests.support.clock import FrozenClock

RAVEN, BLACKPOOL = "provider:RAVN", "council:E06000009"


@pytest.fixture
def known(store: Store) -> Store:
    add_feed(store, "provider", "RAVN", "Raven Telecom")
    add_feed(store, "council", "E06000009", "Blackpool Council")
    return store


def test_a_key_says_who_calls(known: Store) -> None:
    key = create_key(known, Role.PROVIDER, RAVEN, "production")
    found = find_caller(known, key)
    assert found == Caller(key.split(".")[1], Role.PROVIDER, RAVEN)


def test_two_keys_of_one_feed_are_two(known: Store) -> None:
    first, second = (create_key(known, Role.COUNCIL, BLACKPOOL, "desk") for _ in range(2))
    assert first != second
    assert find_caller(known, first) != find_caller(known, second)


def test_only_the_hash_of_a_key_is_kept(known: Store) -> None:
    secret = create_key(known, Role.PROVIDER, RAVEN, "production").split(".")[2]
    with known.reading() as connection:
        row = connection.execute(select(api_keys)).one()
        said = connection.scalars(select(audit.c.fields)).all()
    assert len(row.secret_hash) == 32
    assert secret not in str(row)
    assert secret not in str(said)


@pytest.mark.parametrize(
    "alter",
    [
        lambda key: key[:-1] + ("A" if key[-1] != "A" else "B"),
        lambda key: key[:-1],
        lambda key: key + "=",
        lambda key: "abc" + key[3:],
        lambda key: key.replace(".", ""),
        lambda key: key.upper(),
        lambda key: ".".join(key.split(".")[:2]),
        lambda key: ".".join([*key.split(".")[:2], ""]),
        lambda _: "",
        lambda _: "pcd..",
        lambda _: "pcd.é.è",
        lambda key: f"pcd.{key.split('.')[1]}.' OR 1=1",
    ],
)
def test_a_key_that_is_not_exactly_it_is_nobodys(known: Store, alter: object) -> None:
    assert callable(alter)
    assert find_caller(known, alter(create_key(known, Role.PROVIDER, RAVEN, "production"))) is None


def test_one_keys_secret_does_not_go_with_anothers_id(known: Store) -> None:
    first, second = (create_key(known, Role.PROVIDER, RAVEN, "production").split(".") for _ in range(2))
    assert find_caller(known, f"pcd.{first[1]}.{second[2]}") is None


def test_a_revoked_key_is_nobodys_and_the_others_stay(known: Store) -> None:
    first, second = (create_key(known, Role.PROVIDER, RAVEN, "production") for _ in range(2))
    revoke_key(known, first.split(".")[1])
    assert find_caller(known, first) is None
    assert find_caller(known, second) is not None


def test_a_key_is_good_until_the_moment_it_ends_and_no_longer(known: Store, clock: FrozenClock) -> None:
    key = create_key(known, Role.PROVIDER, RAVEN, "production", lasts=timedelta(days=90))
    clock.advance(days=90, seconds=-1)
    assert find_caller(known, key) is not None
    clock.advance(seconds=1)
    with pytest.raises(KeyEndedError, match="ended on 21 February 2027: ask whoever runs this Pullcord"):
        find_caller(known, key)


def test_a_key_lasts_a_year_unless_something_else_is_asked(known: Store, clock: FrozenClock) -> None:
    create_key(known, Role.REGULATOR, None, "figures")
    clock.advance(minutes=1)
    create_key(known, Role.REGULATOR, None, "for an audit", lasts=timedelta(days=1))
    assert [one.expires_at - one.created_at for one in list_keys(known)] == [timedelta(days=365), timedelta(days=1)]


def test_the_day_on_which_a_key_ended_is_that_of_london(known: Store, clock: FrozenClock) -> None:
    clock.set(datetime(2027, 6, 30, 23, 30, tzinfo=UTC))
    key = create_key(known, Role.PROVIDER, RAVEN, "production", lasts=timedelta(days=1))
    clock.advance(days=1)
    with pytest.raises(KeyEndedError, match="ended on 2 July 2027:"):
        find_caller(known, key)


def test_that_a_key_has_ended_is_told_to_nobody_without_its_secret(known: Store, clock: FrozenClock) -> None:
    first, second = (create_key(known, Role.PROVIDER, RAVEN, "production").split(".") for _ in range(2))
    clock.advance(days=365)
    assert find_caller(known, f"pcd.{first[1]}.{second[2]}") is None
    assert find_caller(known, f"pcd.{first[1]}.x") is None


def test_a_key_that_was_revoked_and_has_ended_is_nobodys(known: Store, clock: FrozenClock) -> None:
    before, after = (create_key(known, Role.PROVIDER, RAVEN, "production") for _ in range(2))
    revoke_key(known, before.split(".")[1])
    clock.advance(days=365)
    revoke_key(known, after.split(".")[1])
    assert [find_caller(known, key) for key in (before, after)] == [None, None]


def test_the_audit_says_until_when_a_key_was_made_good(known: Store, clock: FrozenClock) -> None:
    key = create_key(known, Role.PROVIDER, RAVEN, "production", lasts=timedelta(days=7))
    with known.reading() as connection:
        said = connection.scalars(select(audit.c.fields)).one()
    ends = (clock.now() + timedelta(days=7)).isoformat()
    assert said == {"key": key.split(".")[1], "role": "provider", "expires_at": ends}


def test_revoking_again_changes_nothing(known: Store, clock: FrozenClock) -> None:
    key_id = create_key(known, Role.PROVIDER, RAVEN, "production").split(".")[1]
    revoke_key(known, key_id)
    revoked = clock.now()
    clock.advance(days=1)
    revoke_key(known, key_id)
    (listed,) = list_keys(known)
    assert listed.revoked_at == revoked
    with known.reading() as connection:
        assert connection.scalars(select(audit.c.action)).all() == ["key_created", "key_revoked"]


def test_revoking_what_does_not_exist_says_where_to_look(known: Store) -> None:
    with pytest.raises(NotFoundError, match="keys list"):
        revoke_key(known, "nothing")


def test_keys_are_listed_the_oldest_first_without_their_secrets(known: Store, clock: FrozenClock) -> None:
    made = []
    for label in ("first", "second"):
        made.append(create_key(known, Role.REGULATOR, None, label))
        clock.advance(minutes=1)
    listed = list_keys(known)
    assert [one.label for one in listed] == ["first", "second"]
    assert not any(key.split(".")[2] in str(listed) for key in made)


@pytest.mark.parametrize(
    ("role", "feed"),
    [
        (Role.PROVIDER, None),
        (Role.COUNCIL, None),
        (Role.PROVIDER, BLACKPOOL),
        (Role.COUNCIL, RAVEN),
        (Role.REGULATOR, RAVEN),
        (Role.OPERATOR, BLACKPOOL),
    ],
)
def test_a_role_and_a_feed_that_do_not_fit_make_no_key(known: Store, role: Role, feed: str | None) -> None:
    with pytest.raises(ConflictError):
        create_key(known, role, feed, "wrong")
    assert list_keys(known) == []


def test_a_feed_that_is_not_known_has_no_key(known: Store) -> None:
    with pytest.raises(NotFoundError, match="add it first"):
        create_key(known, Role.PROVIDER, "provider:HBRT", "too early")
