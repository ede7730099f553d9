from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from services.runtime.embedded.runner import EmbeddedRunner
from services.storage.tables import cases, entry_tokens, inbox, matches, unfinished_matching
from tests.support.deployment import Deployment, sqlite_engine
from tests.support.http import NOTICES, Api, make_api_parts, open_api
from tests.support.ledger import count

Row = Mapping[str, Any]
# The places that the notices are about, and others. The register of one deployment has these, of another has those.
PLACES: list[Row] = [
    {"cli": "01632 960121", "uprn": "100012345671", "postcode": "FY3 8AB", "address_lines": ["12 Tower Road"]},
    {"cli": "01632 960122", "uprn": "100012345672", "postcode": "FY3 8AD", "address_lines": ["14 Tower Road"]},
    {"cli": "01632 960123", "uprn": "100012345673", "postcode": "FY3 8AE", "address_lines": ["16 Tower Road"]},
]
OTHER_PLACES: list[Row] = [
    {"cli": "01632 960221", "uprn": "100012345771", "postcode": "FY4 2AB", "address_lines": ["22 Tower Road"]},
    {"cli": "01632 960222", "uprn": "100012345772", "postcode": "FY4 2AD", "address_lines": ["24 Tower Road"]},
    {"cli": "01632 960223", "uprn": "100012345773", "postcode": "FY4 2AE", "address_lines": ["26 Tower Road"]},
]
DATED = {"planned_migration_date": "2026-12-03", "issued_at": "2026-11-20T09:00:00Z"}
# The fields by which a row says where its line is.
FIELDS = (["cli"], ["uprn"], ["cli", "uprn"], ["postcode", "address_lines"], ["cli", "postcode", "address_lines"])
# What else a row may say. Some rows are refused for it, others are taken with a warning.
MORE: tuple[Row, ...] = (
    {},
    {},
    {"status": "withdrawn"},
    {"status": "no such status"},
    {"planned_migration_date": "soon"},
    {"planned_migration_date": "2026-12-17", "customer_name": "Tower"},
    {"supersedes": "n0"},
    {"kind": 7},
)

# What every answer has for itself: names of the submission and of the request.
NAMES = frozenset({"submission", "request_id", "instance"})
# Tables from which a request could learn that a line is on a register.
OF_THE_MATCHER = (matches, cases, entry_tokens, unfinished_matching, inbox)


class Waiting(EmbeddedRunner):
    woken = 0

    def start(self) -> None: ...

    def wake(self) -> None:
        self.woken += 1

    def stop(self, timeout: float = 20.0) -> bool:
        return True


@dataclass
class Reception:
    api: Api
    runner: Waiting

    def post(self, rows: Sequence[Row]) -> tuple[int, Any, list[str]]:
        """Post notices. Return the status and the body of the answer, and the SQL statements of the request."""
        done, woken = self.matching_done(), self.runner.woken
        with self.noting() as statements:
            answer = self.api.ask("raven", "POST", NOTICES, json=rows)
        assert self.matching_done() == done
        assert self.runner.woken == woken + 1
        told = {name: value for name, value in answer.json().items() if name not in NAMES}
        return answer.status_code, told, statements

    def matching_done(self) -> tuple[int, ...]:
        return tuple(count(self.api.deployment, table) for table in (matches, cases, inbox))

    @contextmanager
    def noting(self) -> Iterator[list[str]]:
        statements = list[str]()

        def note(*sent: Any) -> None:
            statements.append(sent[2])

        engine = self.api.deployment.store.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            event.remove(engine, "before_cursor_execute", note)


@contextmanager
def opened(folder: Path, register: Sequence[Row]) -> Iterator[Reception]:
    engine = sqlite_engine(folder)
    deployment = Deployment(engine).with_officers()
    deployment.put_entries(*({"entry_id": f"e{number}", **place} for number, place in enumerate(register)))
    deployment.settle()
    parts = make_api_parts(deployment)
    runner = Waiting(parts)
    with open_api(deployment, runner, parts) as api:
        yield Reception(api, runner)
    engine.dispose()


@dataclass
class Deployments:
    known: Reception
    unknown: Reception

    def post(self, rows: Sequence[Row]) -> None:
        # Both deployments answer alike, after the same SQL, and neither looks at the register.
        status, told, statements = self.known.post(rows)
        assert (status, told, statements) == self.unknown.post(rows)
        assert status in {202, 422}
        assert not any(table.name in sql.split() for sql in statements for table in OF_THE_MATCHER)

    def settle(self) -> tuple[int, int]:
        for one in (self.known, self.unknown):
            one.api.deployment.settle()
        return len(self.known.api.deployment.matches()), len(self.unknown.api.deployment.matches())


@pytest.fixture
def deployments(tmp_path: Path) -> Iterator[Deployments]:
    folders = [tmp_path / name for name in ("known", "unknown")]
    for folder in folders:
        folder.mkdir()
    with opened(folders[0], PLACES) as known, opened(folders[1], OTHER_PLACES) as unknown:
        yield Deployments(known, unknown)


@pytest.mark.parametrize("fields", FIELDS, ids=" ".join)
def test_a_notice_of_a_line_on_a_register_is_matched_only_after_its_answer(
    deployments: Deployments, fields: Sequence[str]
) -> None:
    deployments.post([{"id": "n1", **DATED, **{name: PLACES[0][name] for name in fields}}])
    assert deployments.settle() == (1, 0)


def test_an_area_with_people_of_a_register_is_answered_as_an_area_without(deployments: Deployments) -> None:
    deployments.post([{"id": "n1", **DATED, "scope": "postcode", "area_codes": ["FY3"]}])
    assert deployments.settle() == (len(PLACES), 0)


@st.composite
def notice_rows(draw: st.DrawFn) -> Row:
    # The strategy draws from few references, so that references repeat.
    place, fields, more = draw(st.sampled_from(PLACES)), draw(st.sampled_from(FIELDS)), draw(st.sampled_from(MORE))
    located = {name: place[name] for name in fields}
    if draw(st.integers(0, 4)) == 0:
        located = {"scope": "postcode", "area_codes": [draw(st.sampled_from(["FY3", "FY3 8", "FY3 8AB"]))]}
    issued = f"2026-11-{draw(st.integers(1, 22)):02}T09:00:00Z"
    return {"id": f"n{draw(st.integers(1, 12))}", **DATED, **located, **more, "issued_at": issued}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(rows=st.lists(notice_rows(), min_size=1, max_size=8), settled=st.booleans())
def test_any_body_of_notices_is_answered_before_it_is_matched_and_alike_wherever_its_lines_are_on_a_register(
    deployments: Deployments, rows: list[Row], settled: bool
) -> None:
    deployments.post(rows)
    # The next body may meet the matches and cases of this one.
    if settled:
        assert deployments.settle()[1] == 0
