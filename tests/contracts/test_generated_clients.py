from __future__ import annotations

import base64
import io
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from scripts.publish_schemas import PUBLISHED
from tests.support.deployment import Deployment, sqlite_engine
from tests.support.http import ENTRY, NOTICE, served_api

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".tools" / "clients"
CLIENTS = Path(__file__).parent / "clients"
OPENAPI = PUBLISHED / "openapi.json"
# What both clients must have read from the answers.
EXPECTED = {
    "receipt": [202, {"accepted": 0, "accepted_with_warnings": 1, "unchanged": 0, "stale": 0, "rejected": 1}],
    "headers": [True, 36],
    "entries": {"accepted": 0, "accepted_with_warnings": 2, "unchanged": 0, "stale": 0, "rejected": 0},
    "columns": ["entry_id", "cli"],
    "deleted": 204,
    "case": ["e1", "2026-12-03"],
    "place": ["01632 960123"],
    "visit": "visit_booked",
    "act refused": [409, True],
    "acknowledged": True,
    "decided": 204,
    "missing": [404, True],
    "wrong cursor": 422,
}

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.enable_socket]


def run(command: Sequence[str | Path], folder: Path, **variables: str) -> str:
    environment = {"PATH": f"{TOOLS / 'bin'}:{os.environ['PATH']}", "HOME": str(folder), **variables}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[str]:
    assert (TOOLS / ".ready").exists(), "run `make clients` once: it installs the generators"
    engine = sqlite_engine(tmp_path)
    deployment = Deployment(engine).with_officers()
    deployment.put_entries(ENTRY)
    deployment.post_notices(NOTICE)
    deployment.tick(seconds=31)
    alert = deployment.mails()[-1].reference.split(".")[0]
    with served_api(deployment) as (url, keys):
        now = deployment.clock.now().isoformat()
        yield json.dumps({"url": url, "keys": keys, "alert": alert, "now": now, "workbook": workbook()})
    engine.dispose()


def workbook() -> str:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["Case ID", "Telephone number"])
    book.worksheets[0].append(["f1", "01632 960221"])
    saved = io.BytesIO()
    book.save(saved)
    return base64.b64encode(saved.getvalue()).decode()


def assert_read(printed: str, letter: str) -> None:
    said: dict[str, Any] = json.loads(printed)
    own = {
        "references": [f"{letter}1", f"{letter}2"],
        "pages": [[f"{letter}3"], [f"{letter}4"]],
        "no row": ["urn:pullcord:problem:no-row-accepted", ["cli"]],
    }
    assert said == {**EXPECTED, **own}


def test_the_client_that_openapi_python_client_generates_does_all_that_a_sender_does(
    asked: str, tmp_path: Path
) -> None:
    output = f"--output-path={tmp_path / 'pullcord_client'}"
    config = f"--config={CLIENTS / 'openapi-python-client.yaml'}"
    generate: list[str | Path] = [
        TOOLS / "bin" / "openapi-python-client",
        "generate",
        f"--path={OPENAPI}",
        output,
        config,
    ]
    made = run([*generate, "--meta=none", "--fail-on-warning"], tmp_path)
    assert "WARNING" not in made
    used = [TOOLS / "bin" / "python", CLIENTS / "use_python_client.py"]
    assert_read(run(used, tmp_path, PYTHONPATH=str(tmp_path), PULLCORD_ASKED=asked), "c")


def test_the_types_that_openapi_typescript_generates_fit_all_that_a_sender_does(asked: str, tmp_path: Path) -> None:
    for name in ("use_typescript_client.ts", "tsconfig.json", "package.json"):
        shutil.copy(CLIENTS / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(TOOLS / "js" / "node_modules")
    node, programs = TOOLS / "bin" / "node", tmp_path / "node_modules" / ".bin"
    run([node, programs / "openapi-typescript", OPENAPI, "-o", "schema.d.ts"], tmp_path)
    run([node, programs / "tsc", "--project", "tsconfig.json"], tmp_path)
    assert_read(run([node, "use_typescript_client.ts"], tmp_path, PULLCORD_ASKED=asked), "t")
