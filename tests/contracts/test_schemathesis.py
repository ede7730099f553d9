from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.deployment import Deployment, sqlite_engine
from tests.support.http import ENTRY, MATCH, NOTICE, served_api

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
EXAMPLES, SEED = 30, 1
CONFIG = """
hooks = "tests.support.checks.answer_checks"

[parameters]
"path.council" = "E06000009"
"path.entry_id" = "e1"
"path.match" = "{match}"
"path.submission" = "{submission}"

[[operations]]
include-path-regex = "/v1/cases/.*"
parameters = {{ "path.reference" = "{case}" }}

[[operations]]
include-path-regex = "/v1/alerts/.*"
parameters = {{ "path.reference" = "{alert}" }}

# A policy replaces one version alone, and what no schema can state of it is refused with 422.
[[operations]]
include-path-regex = "^/v1/policy$"
checks.positive_data_acceptance.expected-statuses = ["2xx", 401, 403, 409, 412, 422, 429]

# A text without any line holds no row.
[[operations]]
include-path-regex = "^/v1/(migration-notices|telecare-registers/[^/]*/entries)$"
include-method = ["POST", "PUT"]
checks.positive_data_acceptance.expected-statuses = ["2xx", 400, 401, 403, 404, 409, 413, 422, 429]
checks.negative_data_rejection.expected-statuses = ["4xx", 202]

# What no schema can state is refused with 422, and a row of which only a part is sound is kept with 202: the checks of
# tests/support/checks/answer_checks.py hold both to more than a status.
[[operations]]
include-method = ["POST", "PUT"]
checks.positive_data_acceptance.expected-statuses = ["2xx", 401, 403, 404, 409, 413, 422]
checks.negative_data_rejection.expected-statuses = ["4xx", 202]

# A cursor is refused unless it came with a page.
[[operations]]
include-path-regex = "^/v1/(cases|cases/[^/]*/(matches|history)|submissions/.*|mappings|oversight/figures)$"
include-method = ["GET"]
checks.positive_data_acceptance.expected-statuses = ["2xx", 401, 403, 404, 422, 429]
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, dict[str, str], Path]]:
    """Yield the base URL, the keys, and the path of the configuration for Schemathesis."""
    engine = sqlite_engine(tmp_path)
    deployment = Deployment(engine).with_officers()
    deployment.put_entries(ENTRY)
    receipt, _ = deployment.post_notices(NOTICE)
    deployment.tick(seconds=31)
    alert = deployment.mails()[-1].reference.split(".")[0]
    config = tmp_path / "schemathesis.toml"
    config.write_text(
        CONFIG.format(submission=receipt.submission_id, case=deployment.cases()[0].reference, alert=alert, match=MATCH)
    )
    with served_api(deployment) as (url, keys):
        yield url, keys, config
    engine.dispose()


@pytest.mark.network
@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("who", "chosen"),
    [
        ("raven", ["--include-tag=provider", f"--max-examples={EXAMPLES}"]),
        ("blackpool", ["--include-tag=council", f"--max-examples={EXAMPLES}"]),
        ("regulator", ["--phases=fuzzing", "--max-examples=5"]),
        ("operator", ["--phases=fuzzing", "--max-examples=5"]),
    ],
)
def test_no_request_is_answered_otherwise_than_the_description_says(
    served: tuple[str, dict[str, str], Path], tmp_path: Path, who: str, chosen: list[str]
) -> None:
    url, keys, config = served
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        f"--config-file={config}",
        "run",
        f"{url}/openapi.json",
        f"--header=Authorization: Bearer {keys[who]}",
        "--checks=all",
        *chosen,
        f"--seed={SEED}",
        "--continue-on-failure",
        "--suppress-health-check=all",
        "--warnings=off",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No issues found" in done.stdout
