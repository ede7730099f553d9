from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.chaos.deployment.making import running
from tests.chaos.faults.schedule import Kind, draw
from tests.chaos.judging.checker import findings
from tests.chaos.judging.figures import table
from tests.chaos.judging.run import Story, run

pytestmark = [
    pytest.mark.network,
    pytest.mark.enable_socket,
    pytest.mark.timeout(1200),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.usefixtures("broken_connections"),
]

FIRST_SEED = int(os.environ.get("PULLCORD_CHAOS_SEED", "20261123"))
ROUNDS = int(os.environ.get("PULLCORD_CHAOS_ROUNDS", "1"))
# The most findings in the message of a failed test. The file beside the logs has all of them.
SHOWN = 20


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + ROUNDS))
def test_through_every_kind_of_fault_nothing_is_lost_and_nobody_is_paged_twice(seed: int, tmp_path: Path) -> None:
    with running(tmp_path, seed) as world:
        story = run(world, draw(seed))
    sys.stdout.write(f"\n{table(story)}\n")
    (tmp_path / "figures.md").write_text(table(story))
    found = judged(story)
    (tmp_path / "findings.txt").write_text("\n".join(found))
    assert not found, f"{len(found)} findings with seed {seed}; logs are in {tmp_path}:\n" + "\n".join(found[:SHOWN])


def judged(story: Story) -> list[str]:
    never = {*Kind} - {one.fault.kind for one in story.evidence if one.shown}
    return [
        *(f"nothing shows that this happened: {one.fault}: {one.text}" for one in story.evidence if not one.shown),
        *(f"this never happened: {kind}" for kind in sorted(never)),
        *([f"left to do: {story.left}"] if story.left else []),
        *findings(story.history, story.records, story.mails),
    ]
