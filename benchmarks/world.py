# Ofcom has given the area code 01632 to nobody.
from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

HOMES_A_POSTCODE = 15
# One home in seven has a notice, so that entries and notices meet as rarely as in a whole country.
HOMES_A_LINE_NOTICED = 7

# Shares of the entries: with a notice under the same number, and with one at the address under another number.
SHARE_NOTICED, SHARE_OTHER_NUMBER = 0.14, 0.03

STREETS = ("Street", "Lane", "Road", "Avenue", "Close", "View", "Drive")
# Each street has one postcode, and a town 140 streets, so that no street of a town stands twice.
NAMES = (
    "High",
    "Church",
    "Station",
    "Victoria",
    "Mill",
    "Park",
    "Queens",
    "Linden",
    "Copper",
    "Falcon",
    "Orchard",
    "Tanner",
    "Bridge",
    "Cedar",
    "Meadow",
    "Quarry",
    "School",
    "Thistle",
    "Harbour",
    "Willow",
)
LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
BATCH = 10_000


@dataclass(frozen=True, slots=True)
class Home:
    # The number in the county, and the end of the telephone number.
    index: int

    @property
    def number(self) -> str:
        return f"01632 {self.index:06d}"

    @property
    def postcode(self) -> str:
        code = self.index // HOMES_A_POSTCODE
        unit, code = LETTERS[code % 20], code // 20
        unit, code = unit + LETTERS[code % 20], code // 20
        return f"FY{1 + code // 10 % 99} {code % 10}{unit}"

    @property
    def address(self) -> dict[str, object]:
        code, api = divmod(self.index, HOMES_A_POSTCODE)
        town, place = divmod(code, len(NAMES) * len(STREETS))
        street = f"{NAMES[place % len(NAMES)]} {STREETS[place // len(NAMES)]}"
        # Every fifth home is a flat. Four flats share a house number.
        in_a_block = [f"Flat {1 + api % 4}", f"{1 + api // 4 * 2} {street}"]
        lines = [f"{1 + api * 2} {street}"] if self.index % 5 else in_a_block
        return {
            "address_lines": lines,
            "post_town": f"Am{LETTERS[town // 20 % 20]}{LETTERS[town % 20]}bridge",
            "postcode": self.postcode,
        }


@dataclass(frozen=True)
class County:
    # A request body has 10,000 rows.
    entries: int
    notices: int
    seed: int = 7

    @property
    def lines(self) -> int:
        return self.entries + self.notices

    def homes(self) -> list[int]:
        return random.Random(self.seed).sample(range(min(1_000_000, self.lines * HOMES_A_LINE_NOTICED)), self.lines)

    def entry_bodies(self) -> Iterator[bytes]:
        # Entries of homes with a notice come first, then other entries, in a seeded order.
        homes = self.homes()
        met = int(self.entries * SHARE_NOTICED)
        own = homes[:met] + homes[self.notices : self.notices + self.entries - met]
        rows = [
            {"entry_id": f"e{place}", "cli": Home(index).number, "connection": "analogue_line", **Home(index).address}
            for place, index in enumerate(own)
        ]
        for place in range(met, met + int(self.entries * SHARE_OTHER_NUMBER)):
            rows[place] |= Home(homes[place]).address
        yield from _bodies("entries", rows)

    def notice_bodies(self) -> Iterator[bytes]:
        rows = [
            {
                "id": f"n{place}",
                "cli": Home(index).number,
                "uprn": str(10_000_000_000 + index),
                "migration_kind": "non_voluntary",
                "planned_migration_date": f"2027-01-{1 + index % 28:02d}",
                "issued_at": "2026-11-20T09:00:00Z",
                "target_service": "voip",
                **Home(index).address,
            }
            for place, index in enumerate(self.homes()[: self.notices])
        ]
        yield from _bodies("notices", rows)


def _bodies(member: str, rows: list[dict[str, object]]) -> Iterator[bytes]:
    for start in range(0, len(rows), BATCH):
        yield json.dumps({member: rows[start : start + BATCH]}).encode()
