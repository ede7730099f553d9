"""The header `Link` holds the address of the next page (RFC 8288)."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

# Enough for the longest key that a list is ordered by: a mapped heading of 200 signs, with its kind.
CURSOR_SIGNS = 240

Cursor = Annotated[
    str | None,
    Query(
        max_length=CURSOR_SIGNS,
        pattern="^[A-Za-z0-9_-]+$",
        description="Where the page begins: the cursor that came with the page before. Without it, the first page.",
    ),
]


def link_next(request: Request, response: Response, cursor: str | None) -> None:
    # The last page has no cursor.
    if cursor is not None:
        # Without the host: behind a proxy the application does not know its own address.
        following = request.url.include_query_params(cursor=cursor)
        response.headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
