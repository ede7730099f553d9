from __future__ import annotations

from datetime import date, timedelta
from typing import Any

POSTCODE = "FY3 8AB"
SAFE_DAY = date(2026, 12, 1)
WYRE = "council:E07000128"


def line(number: int, **more: Any) -> dict[str, Any]:
    # The address fields neither agree with the address of a home nor contradict it.
    issued = {"id": f"n{number}", "issued_at": "2026-11-01T09:00:00Z", "cli": f"01632 {200_000 + number}"}
    return {**issued, "postcode": POSTCODE, "planned_migration_date": str(SAFE_DAY + timedelta(days=number)), **more}


def home(number: int, **more: Any) -> dict[str, Any]:
    place = {"postcode": POSTCODE, "address_lines": [f"{number} High Street"]}
    return {"entry_id": f"e{number}", "updated_at": "2026-11-01T09:00:00Z", **place, **more}
