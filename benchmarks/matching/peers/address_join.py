"""Uses uk_address_matcher to find the notice of each entry, from the written address and postcode alone."""

from __future__ import annotations

from time import perf_counter

import duckdb  # type: ignore[import-not-found]  # it is in the peers' environment only
from uk_address_matcher import AddressMatcher  # type: ignore[import-not-found]

from benchmarks.matching.peers.job import ENTRIES, NOTICES, answer, folder


def main() -> None:
    began = perf_counter()
    with duckdb.connect() as connection:
        entries, notices = (
            connection.sql(
                "SELECT unique_id, address AS address_concat, postcode "
                f"FROM read_csv('{folder() / name}', all_varchar = true)"
            )
            for name in (ENTRIES, NOTICES)
        )
        matcher = AddressMatcher(
            canonical_addresses=notices, addresses_to_match=entries, con=connection, show_progress="off"
        )
        found = matcher.match().matches()
        # An exact match has no weight.
        rows = found.filter("resolved_canonical_id IS NOT NULL").select(
            "unique_id, resolved_canonical_id, coalesce(pow(2, match_weight) / (1 + pow(2, match_weight)), 1)"
        )
        pairs = rows.fetchall()
    answer(pairs, perf_counter() - began)


if __name__ == "__main__":
    main()
