from __future__ import annotations

import csv
from pathlib import Path

import pytest

from benchmarks.matching.figures.tally import AUTOMATIC, count_of
from benchmarks.matching.peers.job import ENTRIES
from benchmarks.matching.report import tables
from benchmarks.matching.runs.pullcord import run_pullcord
from benchmarks.matching.runs.row_files import COLUMNS, RowFiles
from benchmarks.matching.world.rows import make_rows
from schemas.codes import MatchLevel

ROWS = 120


@pytest.fixture
def files(tmp_path: Path) -> RowFiles:
    return RowFiles(tmp_path)


@pytest.mark.slow
def test_rows_go_through_the_service_and_are_compared_with_the_truth(files: RowFiles) -> None:
    run = run_pullcord(files, files.write(make_rows(2, ROWS)))
    outcome = run.outcome
    confirmed = outcome.tally.score({MatchLevel.CONFIRMED})
    assert confirmed.precision.value > 0.9
    assert confirmed.right <= outcome.tally.score(AUTOMATIC).right <= count_of(outcome.reachable)
    assert count_of(outcome.reachable) <= min(count_of(outcome.tally.true), outcome.candidates)
    assert 0 < outcome.needless_cases.of <= ROWS
    titles = [str(table.title) for table in tables(run, [])]
    assert titles[0] == "120 entries, 120 notices, 65 true pairs"


def test_peers_get_every_row_as_it_was_read_and_as_it_was_sent(files: RowFiles) -> None:
    files.write(make_rows(2, ROWS))
    files.write_tables()
    with (files.folder / ENTRIES).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == ROWS
    assert all(row["address"] and (row["street"] or row["building"]) for row in rows)
