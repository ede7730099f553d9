"""Estimates the weights of the matching from invented rows. Prints the weights as a parameter file.

    python -m benchmarks.matching.estimate --seed 7 --rows 160000 --name 2026-11

The estimate does not use the true homes of the rows: see `services.matcher.weights.estimation`.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from benchmarks.matching.world.rows import Row, make_rows
from services.core.addresses.keys.keys import KeySide
from services.core.tokens import TokenKind
from services.ingest.reading.places import Place, read_place
from services.matcher.rules import Location, features_of
from services.matcher.weights.estimation import Example, Known, estimate
from services.matcher.weights.features import Alike, Features

_KINDS: Final = frozenset({TokenKind.ADDRESS, TokenKind.TELEPHONE, TokenKind.UPRN})


class _Pair(NamedTuple):
    notice: int
    entry: int
    features: Features
    kinds: frozenset[TokenKind]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rows", type=int, default=160_000, help="of the register, and as many notices")
    parser.add_argument("--name", required=True)
    parser.add_argument("--probable-from", type=float, default=-1.1)
    parser.add_argument("--possible-from", type=float, default=-4.5)
    asked = parser.parse_args()
    counts: Counter[Example] = Counter()
    notices, entries = _places(asked.seed, asked.rows)
    counts.update(_examples(list(_pairs(notices, entries))))
    found = estimate(counts, asked.name, probable_from=asked.probable_from, possible_from=asked.possible_from)
    print(found.model_dump_json(indent=1))


def _places(seed: int, rows: int) -> tuple[list[Place], list[Place]]:
    notices: list[Place] = []
    entries: list[Place] = []
    for town in make_rows(seed, rows):
        notices += map(_place, town.notices)
        entries += map(_place, town.entries)
    return notices, entries


def _place(row: Row) -> Place:
    named = row.fields
    return read_place(
        named.get("cli"), named.get("uprn"), named.get("postcode"), named["address_lines"], named.get("post_town")
    )


def _pairs(notices: Sequence[Place], entries: Sequence[Place]) -> Iterator[_Pair]:
    by_token = _index(notices)
    for number, entry in enumerate(entries):
        shared: dict[int, set[TokenKind]] = defaultdict(set)
        for token in entry.values(KeySide.ENTRY):
            for notice in by_token.get(token, ()):
                shared[notice].add(token[0])
        for notice, kinds in shared.items():
            features = features_of(kinds, _location(notices[notice]), _location(entry))
            yield _Pair(notice, number, features, frozenset(kinds))


def _index(notices: Sequence[Place]) -> Mapping[tuple[TokenKind, str], Sequence[int]]:
    found: dict[tuple[TokenKind, str], list[int]] = defaultdict(list)
    for number, notice in enumerate(notices):
        for token in notice.values(KeySide.NOTICE):
            if token[0] in _KINDS:
                found[token].append(number)
    return found


def _location(place: Place) -> Location:
    places = place.address.places if place.address else ()
    return Location(bool(place.numbers), place.parts, place.uprn, place.postcode, places)


def _examples(pairs: Sequence[_Pair]) -> Iterable[Example]:
    settled = [one for one in pairs if _is_settled(one)]
    partners = {(one.notice, one.entry) for one in settled}
    notices, entries = {one.notice for one in settled}, {one.entry for one in settled}
    for one in pairs:
        if (one.notice, one.entry) in partners:
            yield Example(one.features, Known.TRUE)
        elif (one.notice in notices and one.entry in entries) or (
            one.features.clashes and one.features.telephones is not Alike.SAME
        ):
            yield Example(one.features, Known.FALSE)
        else:
            yield Example(one.features, Known.UNKNOWN)


def _is_settled(pair: _Pair) -> bool:
    return pair.features.telephones is Alike.SAME and len(pair.kinds) > 1 and not pair.features.clashes


if __name__ == "__main__":
    main()
