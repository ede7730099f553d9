from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.core.audit import AuditAction
from tests.support.deployment import Deployment, sqlite_engine
from tests.support.http import Api, open_api
from tests.support.ledger import said

NAMES = ("Asha Patel", "Ben Lowe", "Cara Dunn")
CASES = 4
# What a browser does with the form of one person, by the number of the form. An act on a form not yet sent is a look.
ACTS = ("post", "reload", "post as typed again", "look", "leave the name out", "tick nothing")
Act = tuple[str, int]


@contextmanager
def opened() -> Iterator[Api]:
    with TemporaryDirectory() as folder:
        engine = sqlite_engine(Path(folder))
        with open_api(Deployment(engine).with_officers()) as api:
            yield api
        engine.dispose()


class Browsers:
    def __init__(self, api: Api, groups: Sequence[frozenset[int]]) -> None:
        self.api = api
        references, self.link = api.alerted_cases(CASES)
        self.forms: list[dict[str, Any]] = [
            {"name": name, "case": [references[number] for number in sorted(group)]}
            for name, group in zip(NAMES, groups, strict=False)
        ]
        # The forms that were sent, by number: the page that the browser was led to.
        self.led_to = dict[int, str]()

    def do(self, act: str, number: int) -> None:
        before = self.recorded()
        form = self.forms[number]
        match act:
            case "post":
                self.post(number, form)
            case "post as typed again":
                self.post(number, {"name": f" {form['name'].upper()} ", "case": form["case"][::-1]})
            case "leave the name out":
                assert self.send({"name": " ", "case": form["case"]}).status_code == 422
            case "tick nothing":
                assert self.send({"name": form["name"]}).status_code == 422
            case "reload" if number in self.led_to:
                # The browser asks again for the page that it was led to.
                page = self.api.ask(None, "GET", self.led_to[number])
                assert page.status_code == 200
                assert all(reference in page.text for reference in form["case"])
            case _:
                assert self.api.ask(None, "GET", self.link).status_code == 200
        if act not in {"post", "post as typed again"}:
            assert self.recorded() == before

    def post(self, number: int, form: Mapping[str, Any]) -> None:
        answer = self.send(form)
        assert answer.status_code == 303
        # Every repetition leads to the page of the first.
        assert self.led_to.setdefault(number, answer.headers["location"]) == answer.headers["location"]

    def send(self, form: Mapping[str, Any]) -> Any:
        return self.api.ask(None, "POST", self.link, data=form)

    def recorded(self) -> list[list[str]]:
        return [sorted(fields["cases"]) for fields in said(self.api.deployment, AuditAction.ALERT_ACKNOWLEDGED)]


def follow(browsers: Browsers, acts: Sequence[Act]) -> None:
    """Do all acts, and assert that only the first post of each form is recorded."""
    for act, number in acts:
        browsers.do(act, number)
        browsers.api.deployment.clock.advance(minutes=1)
    posted = dict.fromkeys(number for act, number in acts if act.startswith("post"))
    assert browsers.recorded() == [sorted(browsers.forms[number]["case"]) for number in posted]
    assert [browsers.led_to[number] for number in posted] == [
        f"{browsers.link}/taken/{place}" for place in range(1, len(posted) + 1)
    ]
    taken = {reference for number in posted for reference in browsers.forms[number]["case"]}
    states = {case.reference: case.state.value for case in browsers.api.deployment.cases()}
    assert states == {one: "acknowledged" if one in taken else "open" for one in states}


@pytest.mark.parametrize(
    "acts",
    [
        [("look", 0), ("post", 0), ("reload", 0), ("reload", 0)],
        [("look", 0), ("look", 1), ("post", 1), ("post", 0), ("post", 1), ("reload", 1), ("post as typed again", 0)],
        [("tick nothing", 0), ("leave the name out", 0), ("post", 0), ("leave the name out", 0), ("post", 0)],
    ],
    ids=["one tab", "two tabs", "a form with mistakes"],
)
def test_a_form_that_is_sent_again_from_any_tab_records_its_cases_once(acts: list[Act]) -> None:
    with opened() as api:
        follow(Browsers(api, [frozenset({0, 2}), frozenset({1})]), acts)


@st.composite
def ticks(draw: st.DrawFn) -> list[frozenset[int]]:
    """Draw the cases that are ticked in each form. No case is ticked in two forms."""
    order = draw(st.permutations(range(CASES)))
    people = draw(st.integers(2, len(NAMES)))
    ends = sorted(draw(st.sets(st.integers(1, CASES), min_size=people, max_size=people)))
    return [frozenset(order[start:end]) for start, end in zip([0, *ends], ends, strict=False)]


@given(groups=ticks(), drawn=st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 2)), min_size=4, max_size=14))
@settings(max_examples=25)
def test_whatever_order_tabs_look_post_and_reload_in_each_case_is_acknowledged_once_as_first_posted(
    groups: list[frozenset[int]], drawn: list[Act]
) -> None:
    with opened() as api:
        follow(Browsers(api, groups), [(act, number % len(groups)) for act, number in drawn])
