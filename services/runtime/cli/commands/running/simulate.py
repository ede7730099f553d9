from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from services.core.errors import RefusedError

CHECKOUT: Final = Path(__file__).parents[5]
_NO_SIMULATOR: Final = (
    "The simulator comes with the tests, and this installation has none: run it in a checkout of Pullcord"
)


def simulate(
    months: Annotated[int, typer.Option(min=1, help="The months to simulate.")] = 40,
    seed: Annotated[int | None, typer.Option(help="Repeat the run of this seed; a new seed if absent.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Keep the totals in this file, and go on from it.")] = None,
    month: Annotated[int | None, typer.Option(help="Print the history of the month of this seed.")] = None,
    shorten: Annotated[bool, typer.Option("--shorten", help="With --month: drop acts that are not needed.")] = False,
) -> None:
    """Simulate months of faults, and judge whether everybody was alerted in time.

    The command needs a checkout of the repository. The real code runs on simulated time. No data of the deployment is
    read, and nothing is sent. The exit code is 1 if a check fails.
    """
    if not (CHECKOUT / "tests" / "simulation").is_dir():
        raise RefusedError(_NO_SIMULATOR)
    given = {"--months": months, "--seed": seed, "--resume": resume and resume.absolute(), "--month": month}
    command = [sys.executable, "-m", "tests.simulation", *_options(given), *(["--shorten"] if shorten else [])]
    raise typer.Exit(subprocess.run(command, cwd=CHECKOUT, check=False).returncode)  # noqa: S603 - our own program


def _options(given: Mapping[str, object]) -> Iterator[str]:
    for name, value in given.items():
        if value is not None:
            yield from (name, str(value))
