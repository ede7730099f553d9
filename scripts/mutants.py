"""Puts small faults (mutants) into the rules, and counts the mutants that the tests find.

    make mutants

The exit code is 1 if the tests find too few mutants, or if `equivalent.toml` has a wrong entry.
`mutmut show NAME` prints a mutant.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from mutmut.configuration import config
from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.utils.format_utils import get_mutant_name
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
MUTMUT = Path(sys.executable).with_name("mutmut")
WORK = ROOT / "mutants"
LOG = WORK / "mutmut.log"
# Equivalent mutants behave like the original code, so no test can find them.
EQUIVALENT = ROOT / "tests" / "mutants" / "equivalent.toml"
SEED, DRAWN, WORKERS = 2027, 480, 2
LEAST = 0.9
# A mutant that never ends counts as noticed too.
NOTICED = frozenset({"killed", "timeout"})


class MutantsError(Exception):
    """The tool `mutmut` could not run."""


def all_mutants() -> list[str]:
    modules = (path for path in sorted(Path("services").rglob("*.py")) if config().should_mutate(path))
    return [
        get_mutant_name(path, name)
        for path in modules
        for name in mutate_file_contents(str(path), path.read_text("utf-8")).mutant_names
    ]


def run(names: Iterable[str], workers: int) -> dict[str, str]:
    chosen = list(names)
    # Mutmut keeps results and copies of tests between runs. A deleted test would still count.
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir()
    # With CI set, Hypothesis draws the same examples in every run.
    environment = {**os.environ, "CI": "1", "PYTHONHASHSEED": "0"}
    command = [str(MUTMUT), "run", "--max-children", str(workers), *chosen]
    with LOG.open("w") as log:
        ended = subprocess.run(command, cwd=ROOT, env=environment, stdout=log, stderr=log, check=False)
    if ended.returncode != 0:
        raise MutantsError(f"mutmut could not run; {LOG.relative_to(ROOT)} says why")
    lines = (line.strip().partition(": ") for line in _said("results", "--all", "true"))
    became = {name: status for name, _, status in lines}
    return {name: became[name] for name in chosen}


def equivalents() -> Mapping[str, Mapping[str, str]]:
    listed = tomllib.loads(EQUIVALENT.read_text("utf-8"))["equivalent"]
    return {one["mutant"]: one for one in listed}


def change_of(name: str) -> tuple[str, str]:
    shown = _said("show", name)
    changed = [line for line in shown if line[:1] in {"-", "+"} and line[:3] not in {"---", "+++"}]
    was, now = ([line[1:].strip() for line in changed if line[0] == sign] for sign in "-+")
    return " ".join(was), " ".join(now)


def _said(*arguments: str) -> list[str]:
    done = subprocess.run([str(MUTMUT), *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def counted(found: Mapping[str, str], listed: Mapping[str, Mapping[str, str]]) -> tuple[Counter[str], list[str]]:
    """Return the counts of mutants, and the names of the mutants that survived.

    Each key of the counts is two words: a module or `total`, then the outcome. An example is `total killed`.
    """
    count: Counter[str] = Counter()
    alive = []
    for name, status in found.items():
        module = name.rpartition(".")[0]
        kind = "killed" if status in NOTICED else "equivalent" if name in listed else "survived"
        count[f"{module} {kind}"] += 1
        count[f"total {kind}"] += 1
        if kind == "survived":
            alive.append(name)
    return count, alive


def stale(found: Mapping[str, str], listed: Mapping[str, Mapping[str, str]], known: Collection[str]) -> list[str]:
    """Return a message for each wrong entry in the list of equivalent mutants."""
    wrong = []
    for name in sorted(listed):
        if found.get(name) in NOTICED:
            wrong.append(f"{name} is listed as equivalent, and a test has killed it")
        elif name not in known:
            wrong.append(f"{name} is listed as equivalent, and no mutant has this name any more")
        elif change_of(name) != (listed[name]["was"], listed[name]["now"]):
            wrong.append(f"{name} is listed as equivalent, and now is another change: {change_of(name)}")
    return wrong


def print_table(count: Counter[str]) -> None:
    table = Table("module", "mutants", "killed", "survived", "equivalent", box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    modules = sorted({key.partition(" ")[0] for key in count} - {"total"})
    for module in [*modules, "total"]:
        kinds = [count[f"{module} {kind}"] for kind in ("killed", "survived", "equivalent")]
        table.add_row(module.removeprefix("services."), *map(str, (sum(kinds), *kinds)))
    Console().print(table)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seed", type=int, default=SEED, help="draws the mutants (default: %(default)s)")
    options.add_argument("--drawn", type=int, default=DRAWN, help="how many are drawn (default: %(default)s)")
    options.add_argument("--workers", type=int, default=WORKERS, help="processes (default: %(default)s)")
    options.add_argument("--only", default="", help="mutants whose name contains this, all of them")
    chosen = options.parse_args()
    os.chdir(ROOT)
    known = all_mutants()
    names = [name for name in known if chosen.only in name]
    drawn = names if chosen.only else random.Random(chosen.seed).sample(names, min(chosen.drawn, len(names)))
    print(f"{len(drawn)} of {len(names)} mutants, by seed {chosen.seed}", flush=True)
    try:
        found, listed = run(drawn, chosen.workers), equivalents()
    except MutantsError as error:
        sys.exit(str(error))
    count, alive = counted(found, listed)
    print_table(count)
    for name in alive:
        print(f"survived: {name}: {' -> '.join(change_of(name))}")
    wrong = stale(found, listed, frozenset(known))
    print(*wrong, sep="\n", end="\n" if wrong else "")
    share = count["total killed"] / max(1, count["total killed"] + count["total survived"])
    print(f"killed: {share:.1%} of those that are not equivalent; {LEAST:.0%} are needed")
    sys.exit(1 if wrong or share < LEAST else 0)


if __name__ == "__main__":
    main()
