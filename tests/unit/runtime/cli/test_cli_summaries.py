from __future__ import annotations

import subprocess
import sys

import pytest
import typer.main

from services.runtime.cli.main import COMMANDS, COMMANDS_PACKAGE, app
from services.runtime.cli.summaries import summary_of

HEAVY = ("faust", "alembic", "apprise", "fastapi", "sqlalchemy", "pydantic")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_commands_sentence_is_its_own(name: str) -> None:
    listed = COMMANDS[name]
    command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    said = summary_of(f"{COMMANDS_PACKAGE}.{listed.module}", listed.name)
    assert said.split("\n\n")[0].split() == (command.help or "").split("\n\n")[0].split() != []


def test_the_list_of_commands_imports_no_heavy_part() -> None:
    code = (
        "import sys\nfrom services.runtime.cli.main import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print([one for one in {HEAVY!r} if one in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "status" in done.stdout
    assert done.stderr.strip() == "[]"
