from __future__ import annotations

from dataclasses import dataclass
from typing import Final

NOT_THERE: Final = "not there"


@dataclass(frozen=True, slots=True)
class Difference:
    # A figure with its month, table and key, a case or an alert by its reference, or a record by its id.
    what: str
    on_record: str
    by_the_audit: str
