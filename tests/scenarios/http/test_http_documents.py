from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

from httpx import Response

from services.ingest.files.problems import FileCode
from services.web.problems import ProblemType
from tests.support.http import MATCH, Api

DOCS = Path(__file__).parents[3] / "docs" / "reference"
BLOCKS = re.compile(r"```(bash|json \d{3})\n(.*?)```", re.DOTALL)
REGISTER = b"Our ref,Tel No,Surname\r\nTC/2001,01632 960124,Smith\r\n"


def test_every_problem_is_documented_and_no_other() -> None:
    text = (DOCS / "problems.md").read_text()
    types = [kind.value for kind in ProblemType]
    assert re.findall(r"^## `([a-z-]+)`$", text, re.MULTILINE) == types
    assert re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE) == types


def test_every_reason_to_refuse_a_file_is_documented() -> None:
    text = (DOCS / "problems.md").read_text()
    assert [code.value for code in FileCode if f"`{code}`" not in text] == []


def test_every_command_of_the_guide_is_answered_as_the_guide_shows(api: Api) -> None:
    blocks = BLOCKS.findall((DOCS / "api.md").read_text())
    assert len([kind for kind, _ in blocks if kind == "bash"]) > 8
    names: dict[str, str] = {}
    response = None
    for kind, text in blocks:
        if kind == "bash":
            response = run(api, text, names)
            assert response.status_code < 500
            names |= names_in(api, response)
        else:
            assert response is not None
            assert response.status_code == int(kind.split()[1])
            assert_like(response.json(), json.loads(text))
    assert response is not None
    assert response.status_code == 204


def run(api: Api, command: str, names: dict[str, str]) -> Response:
    for name, value in {"PULLCORD": "", **keys(api), **names}.items():
        command = command.replace(f"${name}", value)
    assert "$" not in command
    words = shlex.split(command.replace("\\\n", " "))[1:]
    sent: dict[str, Any] = {"headers": {}}
    method, path = "GET", ""
    while words:
        word = words.pop(0)
        if word == "-X":
            method = words.pop(0)
        elif word == "-H":
            name, _, value = words.pop(0).partition(": ")
            sent["headers"][name] = value
        elif word in ("-d", "--data-binary"):
            body = words.pop(0)
            sent["content"] = REGISTER if body == "@register.csv" else body
        else:
            path = word
    return api.ask(None, method, path, **sent)


def keys(api: Api) -> dict[str, str]:
    return {"RAVEN_KEY": api.keys["raven"], "BLACKPOOL_KEY": api.keys["blackpool"]}


def names_in(api: Api, response: Response) -> dict[str, str]:
    # Later commands of the guide need these references.
    api.deployment.tick(seconds=31)
    found = {"MATCH": MATCH}
    if response.status_code == 202:
        found["SUBMISSION"] = response.json()["submission"]
    for case in api.deployment.cases():
        found["CASE"] = case.reference
        found["ALERT"] = api.deployment.mails()[-1].reference.split(".")[0]
    return found


def assert_like(answer: Any, shown: Any) -> None:
    """Assert that the answer fits `shown`, the guide's example. Ids and times may differ."""
    if isinstance(shown, dict):
        assert answer.keys() == shown.keys()
        for name, value in shown.items():
            assert_like(answer[name], value)
    elif isinstance(shown, list):
        for one, value in zip(answer, shown, strict=False):
            assert_like(one, value)
        assert len(answer) >= len(shown)
    elif isinstance(shown, str) and (shown == "…" or re.match(r"sub_|[CA]-|\d{4}-\d\d-\d\dT", shown)):
        assert isinstance(answer, str)
    else:
        assert answer == shown
