from __future__ import annotations

import random
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import delete

from schemas.codes import MatchDecision
from services.matcher import turns
from services.matcher.decisions import MatchId, decide_match
from services.runtime.maintenance.rebuild import rebuild
from services.storage.feeds import add_feed
from services.storage.tables import outbox, unfinished_matching
from tests.support.deployment import Deployment
from tests.support.ledger import cases_by_entry, count, match_id, pairs

HARBOUR = "provider:HRBR"
SAFE_DAY = date(2026, 12, 1)


def home(number: int, postcode: str = "FY3 8AB", **more: Any) -> dict[str, Any]:
    address = {"postcode": postcode, "address_lines": [f"{number} High Street"]}
    return {"entry_id": f"e{number}", "updated_at": "2026-11-01T09:00:00Z", **address, **more}


def area_notice(name: str, *codes: str, day: int = 1, **more: Any) -> dict[str, Any]:
    issued = {"id": name, "issued_at": f"2026-11-{day:02}T09:00:00Z"}
    where = {"scope": "postcode", "area_codes": list(codes) or ["FY3 8"]}
    return {**issued, **where, "planned_migration_date": "2026-12-10", **more}


def harm(deployment: Deployment, entry: str = "e1") -> str:
    return str(cases_by_entry(deployment)[entry].harm_on)


def settled(deployment: Deployment, *notices: dict[str, Any], feed: str = "provider:RAVN") -> None:
    deployment.post_notices(*notices, feed=feed)
    deployment.settle()


@pytest.mark.parametrize(
    "more",
    [
        lambda _: {},
        lambda number: {"planned_migration_date": str(SAFE_DAY + timedelta(days=number))},
        lambda number: {"restriction_start_date": str(SAFE_DAY + timedelta(days=number))},
        lambda number: {"migration_kind": ("voluntary", "non_voluntary", "unknown")[number % 3]},
        lambda number: {"scope": "line", "area_codes": [], "postcode": "FY3 8AB", "id": f"line-{number}"},
    ],
    ids=["the-same", "other-moves", "other-restrictions", "other-kinds", "lines-without-an-address"],
)
def test_many_notices_on_one_area_make_one_match_for_each_home(deployment: Deployment, more: Any) -> None:
    deployment.put_entries(*(home(number) for number in range(1, 4)))
    settled(deployment, *(area_notice(f"a{number}") | more(number) for number in range(60)))
    assert {entry for _, entry in pairs(deployment)} == {"e1", "e2", "e3"}
    assert len(pairs(deployment)) == 3
    assert [case.lines for case in deployment.cases()] == [1, 1, 1]


def test_each_provider_has_a_match_of_its_own(deployment: Deployment) -> None:
    add_feed(deployment.store, "provider", "HRBR", "Harbour Telecom")
    deployment.put_entries(home(1))
    for feed in ("provider:RAVN", HARBOUR):
        settled(deployment, area_notice("a1"), area_notice("a2"), feed=feed)
    assert len(deployment.matches()) == 2
    assert cases_by_entry(deployment)["e1"].providers == ("HRBR", "RAVN")


def test_the_earliest_day_counts_and_when_its_notice_ends_the_next(deployment: Deployment) -> None:
    deployment.put_entries(home(1))
    settled(
        deployment,
        area_notice("a1", planned_migration_date="2026-12-10"),
        area_notice("a2", planned_migration_date="2026-12-20"),
        area_notice("a3", planned_migration_date=None, restriction_start_date="2026-12-15"),
    )
    assert harm(deployment) == "2026-12-10"
    settled(deployment, area_notice("a1", day=2, status="withdrawn"))
    assert harm(deployment) == "2026-12-15"
    settled(deployment, area_notice("a4", day=3, supersedes="a3", planned_migration_date="2026-12-30"))
    assert harm(deployment) == "2026-12-20"
    gone: dict[str, Any] = {"day": 4, "status": "withdrawn"}
    settled(deployment, area_notice("a2", **gone), area_notice("a4", supersedes="a3", **gone))
    assert pairs(deployment) == {}
    assert cases_by_entry(deployment)["e1"].state == "notice_withdrawn"


def test_a_case_is_reviewed_on_every_restriction_day_of_its_area(deployment: Deployment) -> None:
    deployment.put_entries(home(1))
    days = ["2026-11-25", "2026-11-27", "2026-11-30"]
    settled(deployment, *(area_notice(f"a{day}", restriction_start_date=day) for day in days))
    reviewed = []
    for _ in range(12 * 24):
        deployment.tick(hours=1)
        reviewed.append(cases_by_entry(deployment)["e1"].due_at)
    moments = {moment.date().isoformat() for before, moment in pairwise(reviewed) if before and moment}
    assert set(days[1:]) <= moments


def test_a_rejected_match_stays_rejected_when_another_notice_names_the_area(deployment: Deployment) -> None:
    deployment.put_entries(home(1))
    settled(deployment, area_notice("a1"))
    match = MatchId(*match_id(deployment, "area FY3 8", "e1"))
    decide_match(deployment.store, match, MatchDecision.REJECTED, by="Jo Bloggs", evidence="another house")
    deployment.settle()
    settled(deployment, area_notice("a2", planned_migration_date="2026-12-02"))
    assert cases_by_entry(deployment)["e1"].state == "false_match"


@pytest.mark.parametrize("seed", range(6))
def test_a_home_is_matched_while_any_notice_on_its_area_lives_and_by_the_earliest_of_their_days(
    deployment: Deployment, seed: int
) -> None:
    dice = random.Random(seed)
    homes = {"e1": "FY3 8AB", "e2": "FY3 9AB", "e3": "FY4 1AB"}
    deployment.put_entries(*(home(number, homes[f"e{number}"]) for number in (1, 2, 3)))
    known: dict[str, tuple[list[str], date, str]] = {}
    for step in range(1, 16):
        name = f"a{dice.randrange(5)}"
        codes = dice.sample(["FY3", "FY3 8", "FY3 8AB", "FY3 9", "FY4"], dice.randint(1, 2))
        planned, status = (
            SAFE_DAY + timedelta(days=dice.randrange(40)),
            dice.choice(["planned", "planned", "withdrawn"]),
        )
        known[name] = (codes, planned, status)
        row = area_notice(name, *codes, planned_migration_date=str(planned), status=status)
        settled(deployment, row | {"issued_at": f"2026-11-{step:02}T09:00:00Z"})
        cases = cases_by_entry(deployment)
        for entry, postcode in homes.items():
            days = [day for named, day, of in known.values() if of == "planned" and covers(named, postcode)]
            case = cases.get(entry)
            assert (case.harm_on if case and case.lines else None) == min(days, default=None), (step, entry)


def covers(codes: list[str], postcode: str) -> bool:
    return any(postcode == code or postcode.startswith(f"{code} ") or postcode[:-2] == code for code in codes)


class TestTurns:
    @pytest.fixture(autouse=True)
    def _small_turns(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(turns, "PAGE", 10)

    def homes(self, deployment: Deployment, count: int = 45, postcode: str = "FY3 8AB", first: int = 1) -> None:
        deployment.put_entries(*(home(number, postcode) for number in range(first, first + count)))
        deployment.settle()

    def turn(self, deployment: Deployment) -> int:
        """Handle one batch of events. Return the number of matches so far."""
        deployment.event_dispatcher.run_once()
        return len(deployment.matches())

    def test_one_turn_handles_a_bounded_number_and_nobody_is_left_out(self, deployment: Deployment) -> None:
        self.homes(deployment)
        deployment.post_notices(area_notice("a1"))
        found = [self.turn(deployment) for _ in range(20)]
        assert max(after - before for before, after in pairwise([0, *found])) <= 10
        assert found[-1] == 45
        assert count(deployment, unfinished_matching) == 0
        assert len(deployment.cases()) == 45

    def test_another_council_s_line_has_its_turn_meanwhile(self, deployment: Deployment) -> None:
        add_feed(deployment.store, "council", "E07000128", "Wyre")
        self.homes(deployment)
        deployment.put_entries(home(900, "PR3 1AB", cli="01632 960900"), feed="council:E07000128")
        deployment.settle()
        deployment.post_notices(area_notice("a1"))
        self.turn(deployment)
        line = {"id": "n1", "cli": "01632 960900", "issued_at": "2026-11-02T09:00:00Z"}
        deployment.post_notices(line | {"planned_migration_date": "2026-12-01"})
        while ("n1", "e900") not in pairs(deployment):
            self.turn(deployment)
        assert count(deployment, unfinished_matching) == 1

    def test_the_nearest_harm_comes_first(self, deployment: Deployment) -> None:
        self.homes(deployment, 25, "FY3 8AB")
        self.homes(deployment, 25, "FY4 1AB", first=101)
        deployment.post_notices(
            area_notice("a1", "FY3 8", planned_migration_date="2027-01-20"),
            area_notice("a2", "FY4 1", planned_migration_date="2026-12-02"),
        )
        while "area FY3 8" not in (found := [notice for notice, _ in pairs(deployment)]):
            self.turn(deployment)
        assert found.count("area FY4 1") == 25
        deployment.settle()
        assert len(pairs(deployment)) == 50

    def test_providers_have_turns_one_after_another(self, deployment: Deployment) -> None:
        add_feed(deployment.store, "provider", "HRBR", "Harbour Telecom")
        self.homes(deployment, 30)
        self.homes(deployment, 30, "FY4 1AB", first=101)
        deployment.post_notices(area_notice("a1", "FY3 8", planned_migration_date="2026-12-02"))
        deployment.post_notices(area_notice("a2", "FY4 1", planned_migration_date="2027-01-20"), feed=HARBOUR)
        while len(pairs(deployment)) < 40:
            self.turn(deployment)
        found = [notice for notice, _ in pairs(deployment)]
        assert min(found.count("area FY3 8"), found.count("area FY4 1")) >= 10

    def test_a_change_in_the_middle_begins_anew_and_ends_with_the_new_day_everywhere(
        self, deployment: Deployment
    ) -> None:
        self.homes(deployment)
        deployment.post_notices(area_notice("a1"))
        self.turn(deployment)
        settled(deployment, area_notice("a1", day=2, planned_migration_date="2026-12-03"))
        assert {str(case.harm_on) for case in deployment.cases()} == {"2026-12-03"}
        assert len(deployment.cases()) == 45

    def test_a_rebuild_gives_an_area_its_turns_again(self, deployment: Deployment) -> None:
        self.homes(deployment)
        deployment.post_notices(area_notice("a1"))
        self.turn(deployment)
        with deployment.store.writing() as connection:
            connection.execute(delete(outbox).where(outbox.c.published_at.is_(None)))
        deployment.settle()
        assert count(deployment, unfinished_matching) == 1
        assert sum(rebuild(deployment.store, deployment.consumers)) > 0
        deployment.settle()
        assert (len(deployment.cases()), count(deployment, unfinished_matching)) == (45, 0)

    def test_an_end_in_the_middle_ends_every_match(self, deployment: Deployment) -> None:
        self.homes(deployment)
        deployment.post_notices(area_notice("a1"))
        self.turn(deployment)
        settled(deployment, area_notice("a1", day=2, status="withdrawn"))
        assert (deployment.matches(), count(deployment, unfinished_matching)) == ([], 0)

    @pytest.mark.parametrize("seed", range(3))
    def test_whatever_comes_between_the_turns_each_home_ends_with_its_match(
        self, deployment: Deployment, seed: int
    ) -> None:
        dice = random.Random(seed)
        self.homes(deployment, 30)
        for step in range(1, 20):
            name = f"a{dice.randrange(3)}"
            status = dice.choice(["planned", "planned", "withdrawn"])
            planned = str(SAFE_DAY + timedelta(days=dice.randrange(40)))
            row = area_notice(name, dice.choice(["FY3", "FY3 8"]), planned_migration_date=planned, status=status)
            deployment.post_notices(row | {"issued_at": f"2026-11-{step:02}T09:00:00Z"})
            if dice.random() < 0.4:
                deployment.put_entries(home(dice.randrange(1, 40)) | {"updated_at": f"2026-11-{step:02}T10:00:00Z"})
            for _ in range(dice.randrange(3)):
                self.turn(deployment)
        deployment.settle()
        areas = {notice for notice, _ in pairs(deployment)}
        homes = len({entry for _, entry in pairs(deployment)})
        assert len(pairs(deployment)) == len(areas) * homes
        assert count(deployment, unfinished_matching) == 0
        entries = 30 + len({case for case in cases_by_entry(deployment) if int(case[1:]) > 30})
        assert homes in (0, entries)


def test_an_area_counts_from_when_the_notice_that_replaced_it_does_so_no_longer(deployment: Deployment) -> None:
    deployment.put_entries(home(1))
    replacing = {"id": "n2", "planned_migration_date": "2026-12-20", "cli": "01632 960001"}
    # The notice on the area is replaced from the first, so nothing is kept of its area.
    settled(
        deployment,
        {**replacing, "issued_at": "2026-11-01T09:00:00Z", "supersedes": "a1"},
        area_notice("a1", "FY3 8", "FY3"),
    )
    assert pairs(deployment) == {}
    settled(deployment, {**replacing, "issued_at": "2026-11-02T09:00:00Z"})
    assert {notice for notice, _ in pairs(deployment)} == {"area FY3 8", "area FY3"}
    assert harm(deployment) == "2026-12-10"
