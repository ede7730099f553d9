from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from services.ingest.files.words import word_key
from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.headings import heading_key
from services.ingest.reading.spreadsheets.chosen_columns import COLUMN
from services.ingest.reading.spreadsheets.chosen_statuses import STATUS_FIELD
from services.ingest.recording.store.chosen_words import KeptWord, forget_words, page_of_words
from services.storage.secrets.keys import Role
from services.web.auth import CallerOf, StoreOf, own_feed
from services.web.paging import Cursor, link_next
from services.web.problems import ProblemError, ProblemType, answers

router = APIRouter(prefix="/v1/mappings", tags=["provider", "council"])


class MappedKind(StrEnum):
    """The kind of a mapping: from a column to a field, or from a word to a status."""

    COLUMN = "column"
    STATUS = "status"


class MappingView(BaseModel):
    """A mapping that Pullcord applies to your later files.

    `word` has only the letters and digits of your heading or status word. `target` is the field or code that you chose.
    """

    model_config = ConfigDict(frozen=True)

    what: MappedKind
    word: str
    target: str
    mapped_at: datetime


def _sender(caller: CallerOf) -> tuple[str, RecordKind]:
    # Each kind of sender sends one kind of record.
    if caller.role is Role.COUNCIL:
        return own_feed(caller, Role.COUNCIL), RecordKind.ENTRY
    if caller.role is Role.PROVIDER:
        return own_feed(caller, Role.PROVIDER), RecordKind.NOTICE
    raise ProblemError(403, ProblemType.FORBIDDEN, "this needs a provider's or a council's key")


Sender = Annotated[tuple[str, RecordKind], Depends(_sender)]


@router.get("", summary="List your mappings", responses=answers(401, 403, 422))
def list_mappings(
    request: Request,
    response: Response,
    store: StoreOf,
    sender: Sender,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    cursor: Cursor = None,
) -> list[MappingView]:
    """List your mappings, sorted by `what` and then by `word`.

    The header `Link` with `rel="next"` leads to the next page. The last page has no such link.
    """
    # One more than the page holds shows that there is another page.
    found = page_of_words(store, *sender, _after(cursor), limit + 1)
    page = found[:limit]
    link_next(request, response, f"{page[-1].what}_{page[-1].word}" if len(found) > limit else None)
    return [_view(one) for one in page]


@router.delete(
    "/{what}/{word:path}", status_code=204, summary="Delete a mapping", responses=answers(401, 403, 404, 422)
)
def delete_mapping(
    store: StoreOf, sender: Sender, what: MappedKind, word: Annotated[str, Path(min_length=1, max_length=300)]
) -> None:
    """Delete a mapping.

    Copy `word` from your list of mappings, or write the word as in your file. Your later files are read without this
    mapping. Records from earlier files do not change.
    """
    feed_id, kind = sender
    pair = (COLUMN, heading_key(word)) if what is MappedKind.COLUMN else (STATUS_FIELD[kind], word_key(word))
    if not forget_words(store, feed_id, kind, [pair]):
        raise ProblemError(404, ProblemType.NOT_FOUND, "there is no such mapping")


def _after(cursor: str | None) -> tuple[str, str] | None:
    # The cursor is the last mapping of a page, so a mapping that is deleted meanwhile moves no other one.
    if cursor is None:
        return None
    # The field of a status may itself have a `_`, and the word has none.
    what, sign, word = cursor.rpartition("_")
    if not sign or what not in (COLUMN, *STATUS_FIELD.values()):
        raise ProblemError(422, ProblemType.INVALID_REQUEST, "no page has this cursor: begin again without one")
    return what, word


def _view(one: KeptWord) -> MappingView:
    what = MappedKind.COLUMN if one.what == COLUMN else MappedKind.STATUS
    return MappingView(what=what, word=one.word, target=one.target, mapped_at=one.chosen_at)
