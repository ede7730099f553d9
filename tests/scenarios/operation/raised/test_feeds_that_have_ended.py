from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from services.runtime.cli.commands.running.status_report import stand
from services.runtime.settings import Settings
from services.storage.secrets.keys import Role, create_key, revoke_key
from tests.support.deployment import BLACKPOOL, RAVEN, Deployment

OPERATOR = "mailto://operator.example"
ENTRY = {"entry_id": "e1", "cli": "01632 960123"}


@pytest.fixture
def watched(deployment: Deployment) -> Deployment:
    # One council has sent something. A provider that sent nothing has ended.
    deployment.engine = replace(deployment.engine, watches_silence=True)
    revoke_key(deployment.store, new_key(deployment, RAVEN, Role.PROVIDER))
    deployment.put_entries(ENTRY)
    return deployment


def new_key(deployment: Deployment, feed: str = BLACKPOOL, role: Role = Role.COUNCIL, days: int = 365) -> str:
    return create_key(deployment.store, role, feed, "a key", lasts=timedelta(days=days)).split(".")[1]


def fallen_silent(deployment: Deployment) -> set[str]:
    already = len(deployment.mails())
    for _ in range(21):
        deployment.tick(days=1)
    said = [one.message.text for one in deployment.mails()[already:] if one.route == OPERATOR]
    measured = set(stand(deployment.store, Settings()).silent_feeds)
    assert measured == {feed for feed in (BLACKPOOL, RAVEN) if any(feed.partition(":")[2] in text for text in said)}
    return measured


def test_a_feed_whose_keys_are_all_revoked_is_not_raised(watched: Deployment) -> None:
    keys = [new_key(watched), new_key(watched)]
    for key in keys:
        revoke_key(watched.store, key)
    assert fallen_silent(watched) == set()


def test_a_feed_that_has_been_raised_is_raised_no_more_once_it_has_ended(watched: Deployment) -> None:
    key = new_key(watched)
    assert fallen_silent(watched) == {BLACKPOOL}
    revoke_key(watched.store, key)
    assert fallen_silent(watched) == set()


@pytest.mark.parametrize("days", [1, 400])
def test_one_key_that_is_not_revoked_keeps_the_watch_even_if_it_has_expired(watched: Deployment, days: int) -> None:
    revoke_key(watched.store, new_key(watched))
    new_key(watched, days=days)
    assert fallen_silent(watched) == {BLACKPOOL}


def test_a_feed_without_any_key_is_watched(watched: Deployment) -> None:
    assert fallen_silent(watched) == {BLACKPOOL}


def test_a_feed_that_sends_in_another_way_after_its_keys_were_revoked_is_watched(watched: Deployment) -> None:
    revoke_key(watched.store, new_key(watched))
    watched.clock.advance(days=1)
    watched.put_entries(ENTRY)
    assert fallen_silent(watched) == {BLACKPOOL}


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_to_keys_the_watch_ends_with_the_last_of_them(watched: Deployment, seed: int) -> None:
    dice, good, made, heard_since = Random(seed), set[str](), 0, True
    for _ in range(12):
        step = dice.choice(("create", "revoke", "revoke", "send"))
        watched.clock.advance(hours=dice.randint(1, 20))
        if step == "create":
            good.add(new_key(watched, days=dice.choice((1, 400))))
            made += 1
        elif step == "revoke" and good:
            revoke_key(watched.store, good.pop())
            heard_since = False
        elif step == "send":
            watched.put_entries(ENTRY)
            heard_since = True
    ended = made > 0 and not good and not heard_since
    assert fallen_silent(watched) == (set() if ended else {BLACKPOOL})
