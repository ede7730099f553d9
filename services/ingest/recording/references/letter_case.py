from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from pydantic_core import to_json

from schemas.register_entry import RegisterEntry
from services.ingest.reading.drafts import Draft, RawRow
from services.ingest.reading.rows.references import in_other_case
from services.ingest.reading.rules import entry_content
from services.ingest.recording.store.likely_same import keys_on_record, sealed_policy
from services.ingest.recording.submission import Reading
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork
from services.storage.vault import VaultError, place

# The member of a council's stored policy. `CouncilPolicy` of alerts says what it means.
_MEMBER: Final = "references_ignore_case"


def ignores_case(store: Store, feed_id: str) -> bool:
    with store.reading() as connection:
        sealed = sealed_policy(connection, feed_id)
    if sealed is None:
        return False
    try:
        return bool(store.vault.open(place("feeds", feed_id.encode()), sealed).get(_MEMBER))
    except VaultError:
        # Sealed under a key that this process does not have yet, or damaged: then the council is asked, as by default.
        return False


def in_one_case(rows: Iterable[RawRow]) -> Iterator[RawRow]:
    """Each reference gets the letter case of its first occurrence."""
    first: dict[str, str] = {}
    for row in rows:
        reference = row.fields.get("entry_id")
        if isinstance(reference, str):
            known = first.setdefault(reference.strip().casefold(), reference)
            yield row if known == reference else row._replace(fields={**row.fields, "entry_id": known})
        else:
            yield row


def with_case_on_record(work: UnitOfWork, feed_id: str, reading: Reading[Any]) -> Reading[Any]:
    """Give references the letter case on record, if the council's policy ignores letter case."""
    if not reading.ignores_case:
        return reading
    references = {draft.reference for draft in reading.drafts} | {
        row.reference for row in reading.refused if row.reference is not None
    }
    known = _on_record(work, feed_id, references)
    return replace(
        reading,
        drafts=[_renamed(draft, known.get(draft.reference)) for draft in reading.drafts],
        refused=[row._replace(reference=known.get(row.reference or "", row.reference)) for row in reading.refused],
    )


def _on_record(work: UnitOfWork, feed_id: str, references: Iterable[str]) -> dict[str, str]:
    # Maps a reference of the submission to the reference on record.
    key_of = work.store.tokeniser.record_key
    keys = {reference: key_of(feed_id, reference) for reference in references}
    there = keys_on_record(work.connection, keys.values(), live=False)
    forms = {
        key_of(feed_id, form): (reference, form)
        for reference, key in keys.items()
        if key not in there
        for form in in_other_case(reference)
    }
    found: dict[str, list[str]] = {}
    for key in sorted(keys_on_record(work.connection, forms.keys(), live=False)):
        reference, form = forms[key]
        found.setdefault(reference, []).append(form)
    # If two references are on record, nobody knows which of them is meant.
    return {reference: on_record[0] for reference, on_record in found.items() if len(on_record) == 1}


def _renamed(draft: Draft[Any], reference: str | None) -> Draft[Any]:
    if reference is None:
        return draft
    private = draft.opened()
    private["record"]["entry_id"] = reference
    content = entry_content(RegisterEntry.model_validate(private["record"]))
    return draft._replace(reference=reference, content=content, private=to_json(private))
