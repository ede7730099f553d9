from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from services.core.tokens import TokenKind
from services.ingest.reading.drafts import Draft, RecordKind
from services.ingest.reading.outcomes import Issue
from services.ingest.reading.rows.references import alike_references
from services.ingest.recording.store.likely_same import has_live_entries, keys_on_record, owners_of_tokens
from services.ingest.recording.submission import Reading, SubmissionContext

# Rows whose reference is looked up in other forms, about 20 each: the write transaction must stay short.
_MOST: Final = 5_000
_ASKS: Final = "Check whether they are the same person. If so, send it again under the reference that is on record."
_FIELD: Final = {TokenKind.TELEPHONE: "cli", TokenKind.UPRN: "uprn"}
_IN_WORDS: Final = {TokenKind.TELEPHONE: "telephone number", TokenKind.UPRN: "UPRN"}
_NEARLY: Final = Issue(
    "entry_id",
    "reference_nearly_the_same",
    "An entry on record has nearly the same reference: only letter case, hyphens, blanks or leading zeros differ.",
    _ASKS,
)


def with_questions_on_record(context: SubmissionContext, reading: Reading[Any]) -> Reading[Any]:
    if reading.record_type.kind is not RecordKind.ENTRY or not reading.is_file:
        return reading
    if not has_live_entries(context.connection, context.feed_id):
        return reading
    keys = {draft.reference: context.key_of(draft.reference) for draft in reading.drafts}
    known = keys_on_record(context.connection, keys.values(), live=False)
    new = [draft for draft in reading.drafts if keys[draft.reference] not in known]
    if not new:
        return reading
    # Entries that the file holds too are compared row by row before.
    others = frozenset(keys.values())
    questions = _of_places(context, new, others) | _of_references(context, new[:_MOST], others)
    drafts = [
        draft._replace(issues=(*draft.issues, question)) if (question := questions.get(draft.row)) else draft
        for draft in reading.drafts
    ]
    return replace(reading, drafts=drafts)


def _of_references(
    context: SubmissionContext, new: Sequence[Draft[Any]], others: Collection[bytes]
) -> dict[int, Issue]:
    forms = {draft.row: {context.key_of(form) for form in alike_references(draft.reference)} for draft in new}
    wanted = {key for keys in forms.values() for key in keys if key not in others}
    found = keys_on_record(context.connection, wanted, live=True)
    return {row: _NEARLY for row, keys in forms.items() if not keys.isdisjoint(found)}


def _of_places(context: SubmissionContext, new: Sequence[Draft[Any]], others: Collection[bytes]) -> dict[int, Issue]:
    tokens = [(draft.row, kind, token) for draft in new for kind, token in _tokens(context, draft)]
    owners = owners_of_tokens(context.connection, context.feed_id, {token for _, _, token in tokens})
    found = {token for token, key in owners if key not in others}
    # In the order of the row, so that the number is named before the UPRN.
    questions: dict[int, Issue] = {}
    for row, kind, token in tokens:
        if token in found:
            questions.setdefault(row, _same(kind))
    return questions


def _tokens(context: SubmissionContext, draft: Draft[Any]) -> Iterator[tuple[TokenKind, bytes]]:
    # The homes of a scheme share its line.
    if draft.opened()["record"].get("scheme_id"):
        return
    for kind, value in draft.values:
        if kind in _FIELD:
            yield kind, context.store.tokeniser.token(kind, value)


def _same(kind: TokenKind) -> Issue:
    reason = f"An entry on record has the same {_IN_WORDS[kind]} under another reference."
    return Issue(_FIELD[kind], "same_line_other_reference", reason, _ASKS)
