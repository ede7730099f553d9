"""The functions use no database, file or clock, but some change their arguments."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from schemas.codes import NoticeStatus, ServiceStatus
from services.core.errors import RefusedError
from services.ingest.files.words import word_key
from services.ingest.reading.drafts import RecordKind

STATUS_FIELD: Final = {RecordKind.ENTRY: "service_status", RecordKind.NOTICE: "status"}
_CODES: Final[dict[RecordKind, tuple[str, ...]]] = {
    RecordKind.ENTRY: tuple(ServiceStatus),
    RecordKind.NOTICE: tuple(NoticeStatus),
}


@dataclass(frozen=True)
class ChosenStatuses:
    field: str
    codes: Mapping[str, str]
    remembered: frozenset[str] = frozenset()
    # The remembered words that occur in the file.
    used: set[str] = dataclasses.field(default_factory=set)

    def code_of(self, text: str) -> str | None:
        word = word_key(text)
        code = self.codes.get(word)
        if code is not None and word in self.remembered:
            self.used.add(word)
        return code

    def remarks(self) -> tuple[str, ...]:
        if not self.used:
            return ()
        said = ", ".join(f"{word} as {self.codes[word]}" for word in sorted(self.used))
        return (f"Statuses were read as you mapped them before: {said}.",)


def read_statuses(texts: Sequence[str], kind: RecordKind) -> dict[str, str]:
    """Read mappings of words to status codes, such as "Live=active".

    Raises RefusedError if a mapping is wrong, or if a word has two codes.
    """
    chosen: dict[str, str] = {}
    for text in texts:
        word, sign, code = text.rpartition("=")
        key, code = word_key(word), code.strip().casefold()
        if not sign or not key:
            raise RefusedError('a status is mapped as "Word=code", for example "Live=active"')
        if code not in _CODES[kind]:
            raise RefusedError(f"a status is mapped to a code that there is not: use one of {', '.join(_CODES[kind])}")
        if chosen.setdefault(key, code) != code:
            raise RefusedError("one status is mapped to two codes: name it once")
    return chosen
