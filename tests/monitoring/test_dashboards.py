from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path

import pytest
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from scripts.dashboards import DASHBOARDS, drift, main
from services.audit.figures.figures import Figure
from tests.monitoring.tools import BOARDS, Board, run

each = pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.path.stem)


def test_there_is_one_for_operations_and_one_for_oversight() -> None:
    assert [board.path.name for board in BOARDS] == ["operations.json", "oversight.json"]
    assert len({board.content["uid"] for board in BOARDS}) == 2


def test_the_files_are_as_their_makers_have_them() -> None:
    assert drift() == []
    assert main(["--check"]) == 0


def test_a_file_that_was_changed_or_added_by_hand_is_noticed(tmp_path: Path) -> None:
    for board in BOARDS:
        (tmp_path / board.path.name).write_text(board.path.read_text())
    assert drift(tmp_path) == []
    (tmp_path / "oversight.json").write_text("{}")
    (tmp_path / "mine.json").write_text("{}")
    assert drift(tmp_path) == ["mine.json", "oversight.json"]


@each
def test_it_fits_the_types_that_grafana_publishes(board: Board) -> None:
    plugins.register_default_plugins()
    read = Dashboard.from_json(board.content)
    assert json.loads(json.dumps(read, cls=JSONEncoder)) == board.content


@each
def test_every_panel_has_a_title_a_description_a_unit_and_a_query(board: Board) -> None:
    for panel in board.panels:
        assert panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["targets"], panel["title"]
        assert all(target["expr"] and target["legendFormat"] for target in panel["targets"]), panel["title"]


@each
def test_panels_are_told_apart_and_do_not_lie_over_each_other(board: Board) -> None:
    panels = board.content["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({panel["title"] for panel in panels}) == len(panels)
    places = [panel["gridPos"] for panel in panels]
    assert all(one["x"] >= 0 and one["x"] + one["w"] <= 24 for one in places)
    assert [pair for pair in combinations(places, 2) if overlap(*pair)] == []


def overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
    below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    return not (beside or below)


@each
def test_prometheus_understands_every_query(board: Board, tmp_path: Path) -> None:
    rules = [{"record": f"panel:query:{number}", "expr": query} for number, query in enumerate(board.queries)]
    (tmp_path / "queries.yaml").write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    said = run("promtool", "check", "rules", tmp_path / "queries.yaml")
    assert (said.code, said.err) == (0, "")


@each
def test_a_figure_of_now_is_of_the_deployment_that_was_chosen(board: Board) -> None:
    variables = {variable["name"] for variable in board.content["templating"]["list"]}
    assert {"datasource", "job", "namespace"} <= variables
    for panel in board.panels:
        for target in panel["targets"]:
            apart = "pullcord_oversight_" in target["expr"] or target["expr"].startswith("ALERTS")
            assert apart or 'job="$job"' in target["expr"], panel["title"]


@each
def test_silence_is_never_shown_as_nought(board: Board) -> None:
    for panel in board.panels:
        counted = any("count(up" in target["expr"] for target in panel["targets"])
        assert counted or all("vector(0)" not in target["expr"] for target in panel["targets"]), panel["title"]


def test_every_figure_of_the_regulator_can_be_chosen() -> None:
    (figures,) = [one for one in BOARDS[1].content["templating"]["list"] if one["name"] == "figure"]
    values = [option.rpartition(" : ")[2] for option in re.split(r"(?<!\\), ", figures["query"])]
    assert values == [figure.value for figure in Figure]


def test_grafana_is_told_where_the_dashboards_are() -> None:
    provisioning = (DASHBOARDS.parent / "provisioning" / "dashboards" / "pullcord.yaml").read_text()
    assert "deploy/grafana/dashboards" in provisioning
