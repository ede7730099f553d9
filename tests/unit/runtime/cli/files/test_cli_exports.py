from __future__ import annotations

import csv
import json

import pytest

from services.runtime.maintenance.exports import shown_reference, written_whole
from tests.support.command_line import BLACKPOOL, ENTRY, Desk


@pytest.mark.parametrize("suffix", ["csv", "ndjson"])
@pytest.mark.parametrize("thing", ["cases", "matches"])
def test_an_export_holds_no_number_address_postcode_or_reference(desk: Desk, thing: str, suffix: str) -> None:
    desk.with_a_case()
    path = desk.folder / f"out.{suffix}"
    printed = desk.run("export", thing, str(path))
    assert printed.words == f"1 {'case' if thing == 'cases' else 'match'} in {path}"
    text = path.read_text()
    assert not [word for word in ("960123", "1632", "Lapwing", "FY3", "TC1") if word in text]
    assert path.stat().st_mode & 0o077 == 0


def test_a_case_in_an_export_has_its_state_level_and_dates(desk: Desk) -> None:
    case = desk.with_a_case()
    desk.run("export", "cases", str(desk.folder / "out.csv"), "--council", BLACKPOOL)
    with (desk.folder / "out.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["case"], row["council"], row["state"], row["level"]) == (case, BLACKPOOL, "open", "confirmed")
    assert (row["harm_on"], row["opened_at"], row["last_alert_at"]) == ("2026-12-03", "2026-11-23T10:00:00Z", "")


def test_a_match_in_an_export_has_its_reasons_and_the_decision(desk: Desk) -> None:
    desk.with_a_case()
    desk.run("export", "matches", str(desk.folder / "out.ndjson"))
    row = json.loads((desk.folder / "out.ndjson").read_text())
    assert (row["level"], row["reasons"], row["decision"]) == ("confirmed", ["same_telephone_number"], "undecided")
    assert (row["provider"], row["council"], row["live"]) == ("RAVN", BLACKPOOL, True)


def test_what_has_ended_is_exported_when_asked_for(desk: Desk) -> None:
    desk.with_a_case()
    other = desk.sheet("other.csv", [{**ENTRY, "Client Ref": "TC9"}])
    desk.run("import", "register", other, "--council", BLACKPOOL, "--replace", "--confirm-withdrawals", "1")
    out = str(desk.folder / "out.csv")
    assert "1 match in" in desk.run("export", "matches", out).words
    assert "2 matches in" in desk.run("export", "matches", out, "--all").words
    assert "2 cases in" in desk.run("export", "cases", out, "--all").words


@pytest.mark.parametrize("reference", ["TC1", "BTC35092", "2019/44-a"])
def test_a_councils_reference_that_looks_like_one_is_exported_when_asked_for(desk: Desk, reference: str) -> None:
    register = desk.sheet("register.csv", [{**ENTRY, "Client Ref": reference}])
    desk.run("import", "register", register, "--council", BLACKPOOL)
    desk.run("import", "notices", desk.file("n.json", '[{"id": "n1", "cli": "01632 960123"}]'), "--provider", "RAVN")
    desk.run("export", "cases", str(desk.folder / "out.ndjson"), "--with-references")
    assert json.loads((desk.folder / "out.ndjson").read_text())["entry_id"] == reference


@pytest.mark.parametrize(
    "reference", ["01632 960123", "01632960123", "Asha", "14 Lapwing Close", "a@b.example1", "=1+1", "-1", "1" * 41]
)
def test_a_reference_that_could_be_a_number_a_name_an_address_or_a_formula_stays_out(reference: str) -> None:
    assert shown_reference(reference) is None


def test_a_suffix_that_says_nothing_is_refused(desk: Desk) -> None:
    printed = desk.run("export", "cases", str(desk.folder / "out.txt"))
    assert (printed.code, ".csv or .ndjson" in printed.complaint) == (2, True)


def test_an_export_that_breaks_off_leaves_the_earlier_file_whole(desk: Desk) -> None:
    path = desk.folder / "out.csv"
    path.write_text("earlier")

    def break_off() -> None:
        with written_whole(path) as file:
            file.write("half")
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        break_off()
    assert path.read_text() == "earlier"
    assert [one.name for one in desk.folder.iterdir() if one.name.startswith(".out")] == []
