"""Keeps the rows in files, so that a large run needs little memory and peers read the same rows as Pullcord."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from benchmarks.matching.figures.tally import Truth
from benchmarks.matching.peers.job import ENTRIES, NOTICES
from benchmarks.matching.world.addresses import STYLES
from benchmarks.matching.world.rows import Row, TownRows
from services.ingest.reading.places import read_place

ROWS_A_BODY: Final = 10_000
COLUMNS: Final = (
    "unique_id",
    "telephone",
    "uprn",
    "postcode",
    "sub_units",
    "house_numbers",
    "street",
    "building",
    "address",
)


@dataclass(frozen=True, slots=True)
class RowFiles:
    folder: Path

    def write(self, towns: Iterable[TownRows]) -> Truth:
        truth = Truth()
        for town in towns:
            _append(self._entries(town.style), town.entries)
            _append(self._notices(), town.notices)
            truth.add(town.entries, town.notices)
        return truth

    def entry_bodies(self) -> Iterator[tuple[str, bytes]]:
        """Yield the address style of the council and the body of each request."""
        for style in STYLES:
            if self._entries(style).exists():
                yield from ((style, body) for body in _bodies(self._entries(style), "entries"))

    def notice_bodies(self) -> Iterator[bytes]:
        return _bodies(self._notices(), "notices")

    def write_tables(self) -> None:
        """Write the rows for peers. A row has the normalised fields of Pullcord, and also the unchanged address."""
        entries = (self._entries(style) for style in STYLES)
        _write_table(self.folder / ENTRIES, (path for path in entries if path.exists()), "entry_id")
        _write_table(self.folder / NOTICES, [self._notices()], "id")

    def _entries(self, style: str) -> Path:
        return self.folder / f"entries-{style}.ndjson"

    def _notices(self) -> Path:
        return self.folder / "notices.ndjson"


def _append(path: Path, rows: Iterable[Row]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(row.fields)}\n" for row in rows)


def _bodies(path: Path, member: str) -> Iterator[bytes]:
    with path.open(encoding="utf-8") as file:
        while lines := list(islice(file, ROWS_A_BODY)):
            yield f'{{"{member}": [{",".join(lines)}]}}'.encode()


def _write_table(target: Path, sources: Iterable[Path], reference: str) -> None:
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for source in sources:
            with source.open(encoding="utf-8") as lines:
                writer.writerows(_read(json.loads(line), reference) for line in lines)


def _read(fields: dict[str, Any], reference: str) -> list[str]:
    lines, town = fields["address_lines"], fields.get("post_town", "")
    place = read_place(fields.get("cli"), fields.get("uprn"), fields.get("postcode"), lines, town)
    parts = place.parts
    if parts is None:
        raise ValueError("each row has an address")
    return [
        fields[reference],
        place.numbers[0] if place.numbers else "",
        place.uprn or "",
        place.postcode or "",
        " ".join(sorted(parts.sub_units)),
        " ".join(sorted(parts.numbers)),
        parts.street,
        parts.building,
        ", ".join([*lines, *([town] if town else [])]),
    ]
