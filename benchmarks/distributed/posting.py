from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, cycle, zip_longest

import httpx

from benchmarks.distributed.environment.furnishing import COUNCIL, Keys
from benchmarks.world import County

CLIENTS = 2
ACCEPTED = 202
ANSWER_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Post:
    # A request has at most 10,000 rows.
    method: str
    path: str
    key: str
    body: bytes


def posts_of(county: County, keys: Keys) -> list[Post]:
    # Requests with entries and with notices alternate. The providers take turns with the notices.
    path = f"/v1/telecare-registers/{COUNCIL}/entries"
    entries = (Post("PUT", path, keys.council, body) for body in county.entry_bodies())
    whose = zip(county.notice_bodies(), cycle(keys.providers))
    notices = (Post("POST", "/v1/migration-notices", key, body) for body, key in whose)
    return [post for post in chain.from_iterable(zip_longest(entries, notices)) if post is not None]


def post_all(urls: Sequence[str], posts: Sequence[Post], clients: int = CLIENTS) -> None:
    with ThreadPoolExecutor(clients, "client") as pool:
        # The APIs take turns with the requests.
        for _ in pool.map(_post, posts, cycle(urls)):
            pass


def _post(post: Post, url: str) -> None:
    headers = {"Authorization": f"Bearer {post.key}", "Content-Type": "application/json"}
    answer = httpx.request(post.method, url + post.path, content=post.body, headers=headers, timeout=ANSWER_SECONDS)
    if answer.status_code != ACCEPTED:
        raise RuntimeError(f"{post.method} {post.path} was answered with {answer.status_code}: {answer.text[:500]}")
