"""The functions use no database, file or clock, but some change their arguments."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Sequence
from typing import Final, NamedTuple

from services.ingest.reading.drafts import Draft, EntryFacts
from services.ingest.reading.outcomes import Issue
from services.ingest.reading.rows.references import alike_form

_ASKS: Final = "Check whether they are the same person. If so, send one row under the reference that is on record."
_SAME: Final = {"cli": "telephone number", "uprn": "UPRN", "address_lines": "address"}


class _Sign(NamedTuple):
    # Two entries with equal signs may be the same person.
    field: str
    value: Hashable


def with_questions(drafts: Sequence[Draft[EntryFacts]]) -> list[Draft[EntryFacts]]:
    shared = _shared(drafts)
    signs = [tuple(sign for sign in _signs(draft) if hash(sign) in shared) for draft in drafts]
    first: dict[_Sign, list[Draft[EntryFacts]]] = {}
    for draft, own in zip(drafts, signs, strict=True):
        for sign in own:
            _remember(first.setdefault(sign, []), draft)
    return [_asked(draft, own, first) for draft, own in zip(drafts, signs, strict=True)]


def _shared(drafts: Sequence[Draft[EntryFacts]]) -> Collection[int]:
    # The hashes of the signs that more than one row has. The signs of a whole register would take much memory.
    once, twice = set[int](), set[int]()
    for draft in drafts:
        for sign in map(hash, _signs(draft)):
            (twice if sign in once else once).add(sign)
    return twice


def _signs(draft: Draft[EntryFacts]) -> Iterator[_Sign]:
    yield _Sign("entry_id", alike_form(draft.reference))
    private = draft.opened()
    for number in private.get("numbers", ()):
        yield _Sign("cli", number)
    if private.get("uprn"):
        yield _Sign("uprn", private["uprn"])
    parts = private.get("parts")
    # A street without a number is no home.
    if private.get("postcode") and parts and (parts[0] or parts[1] or parts[3]):
        yield _Sign("address_lines", f"{private['postcode']} {parts}")


def _remember(known: list[Draft[EntryFacts]], draft: Draft[EntryFacts]) -> None:
    # Two drafts are enough: then every row can name another row, however many rows have the value.
    if not known or (len(known) == 1 and _may_be_one(known[0], draft)):
        known.append(draft)


def _asked(
    draft: Draft[EntryFacts], signs: Sequence[_Sign], first: dict[_Sign, list[Draft[EntryFacts]]]
) -> Draft[EntryFacts]:
    issues, named = list[Issue](), set[int]()
    for sign in signs:
        other = next((one for one in first[sign] if _may_be_one(one, draft)), None)
        # One question about each other row is enough.
        if other is not None and other.row not in named:
            named.add(other.row)
            issues.append(_question(sign.field, other.row))
    return draft._replace(issues=(*draft.issues, *issues)) if issues else draft


def _may_be_one(one: Draft[EntryFacts], other: Draft[EntryFacts]) -> bool:
    # The homes of a scheme share its line and often its address.
    scheme = _scheme(one)
    return one.reference != other.reference and (scheme is None or scheme != _scheme(other))


def _scheme(draft: Draft[EntryFacts]) -> str | None:
    scheme: str | None = draft.opened()["record"].get("scheme_id")
    return scheme


def _question(field: str, row: int) -> Issue:
    if field == "entry_id":
        reason = f"Row {row} has nearly the same reference: only letter case, hyphens, blanks or leading zeros differ."
        return Issue(field, "reference_nearly_the_same", reason, _ASKS)
    reason = f"Row {row} has the same {_SAME[field]} under another reference."
    return Issue(field, "same_line_other_reference", reason, _ASKS)
