from __future__ import annotations

import csv
from pathlib import Path

import pytest

from services.runtime.maintenance.exports import export_cases, export_matches
from tests.support.http import ENTRIES, NOTICES, Api

FORMULAS = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", '=HYPERLINK("http://x.example")', "'=1", "\r=1"]


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_for_a_reference_is_in_no_export(api: Api, tmp_path: Path, formula: str) -> None:
    number = f"01632 9605{FORMULAS.index(formula):02}"
    entry = {"entry_id": formula, "cli": number, "address_lines": [formula], "postcode": "FY4 1QZ"}
    notice = {"id": formula, "cli": number, "planned_migration_date": "2026-12-03", "brand": formula}
    assert api.ask("blackpool", "PUT", ENTRIES, json=entry).status_code == 202
    assert api.ask("raven", "POST", NOTICES, json=notice).status_code == 202
    api.deployment.tick(seconds=31)
    for export, path in ((export_cases, tmp_path / "cases.csv"), (export_matches, tmp_path / "matches.csv")):
        assert export(api.deployment.store, path, references=True) > 0
        cells = [cell for row in csv.reader(path.read_text().splitlines()) for cell in row]
        assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "'"))] == []
        assert formula.strip() not in path.read_text()
