from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from tests.simulation.judging.history import Happened, Record, What
from tests.simulation.judging.judge import Broken, judge
from tests.simulation.judging.resident import LONDON
from tests.simulation.surroundings.plan import DAYS, Act, Kind, Mode, Plan, Temper, draw
from tests.simulation.surroundings.world import World
from tests.support.deployment import sqlite_engine

# In the memory of the machine where there is such a folder: a month commits about 3,000 times.
FAST = Path("/dev/shm")
# A planted fault: while it is open, the product has the fault.
Planted = Callable[[], AbstractContextManager[object]]


@dataclass(frozen=True, slots=True)
class Month:
    plan: Plan
    record: Record
    broken: Sequence[Broken]
    faults: Counter[str]

    @property
    def promises(self) -> set[str]:
        return {one.promise for one in self.broken}


# Every class of fault that a run of many months must have.
FAULTS = (
    *(f"channel {mode}" for mode in Mode),
    *(f"officer {temper}" for temper in Temper),
    "crash",
    "clock ahead",
    "clock behind",
    "change of the clocks",
    "replay",
    "policy edit",
    "outage of hours",
    "outage of days",
)


def simulate(plan: Plan, planted: Planted = nullcontext) -> Month:
    with TemporaryDirectory(dir=FAST if FAST.is_dir() else None) as folder, _seeded(plan.seed), planted():
        engine = sqlite_engine(Path(folder))
        record = World(plan, engine).play()
        engine.dispose()
    return Month(plan, record, judge(record.happened, plan.end), _counted(plan, record))


def month(seed: int) -> Month:
    return simulate(draw(seed))


def shortened(found: Month, planted: Planted = nullcontext) -> Month:
    first = min(found.broken, key=lambda one: one.at)
    ends = min(first.at + timedelta(hours=1), found.plan.end)
    plan = replace(found.plan, ends=ends, acts=tuple(act for act in found.plan.acts if act.at < ends))
    best = _if_broken(plan, planted, first) or found
    acts = [act for act in best.plan.acts if not _is_first_policy(act, best.plan)]
    size = max(1, len(acts) // 2)
    while True:
        for part in _parts(acts, size):
            fewer = tuple(act for act in best.plan.acts if act not in part)
            tried = _if_broken(replace(best.plan, acts=fewer), planted, first)
            if tried is not None:
                acts, best = [act for act in acts if act not in part], tried
        if size == 1:
            return best
        size //= 2


def _is_first_policy(act: Act, plan: Plan) -> bool:
    # A council without a policy has no contacts: that is another month, in which other promises may be broken.
    return act.kind is Kind.POLICY and act.at == plan.start


def _if_broken(plan: Plan, planted: Planted, first: Broken) -> Month | None:
    """Simulate the plan. Return the month if it breaks the same promise about the same subject as `first`, or None."""
    tried = simulate(plan, planted)
    same = any((one.promise, one.about) == (first.promise, first.about) for one in tried.broken)
    return tried if same else None


def _parts(acts: Sequence[Act], size: int) -> Iterator[Sequence[Act]]:
    yield from [acts[at : at + size] for at in range(0, len(acts), size)]


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    # The waits between attempts are drawn by chance: here from the seed, so that a month replays exactly.
    dice = random.Random(f"waits {seed}")
    with patch("services.alerts.delivery.queue.SystemRandom", lambda: dice):
        yield


def _counted(plan: Plan, record: Record) -> Counter[str]:
    """Return the number of faults of each kind that the running service met."""
    counted: Counter[str] = Counter()
    modes: dict[str, tuple[str, datetime]] = {}
    numbers: dict[str, object] = {}
    down = [(one.at, one.facts["until"]) for one in record if one.what is What.DOWN]
    for one in record:
        if one.what is What.CHANNEL:
            modes[one.about] = (one.facts["mode"], one.facts["until"])
        elif one.what is What.ATTEMPT and one.about in modes:
            mode, until = modes.pop(one.about)
            counted[f"channel {mode}"] += one.at < until
        elif one.what is What.KILLED:
            counted["crash"] += 1
            counted[f"crash before {one.about}"] += 1
        elif one.what is What.CLOCK:
            name = "clock ahead" if one.facts["seconds"] > 0 else "clock behind"
            counted[name] += _up_from(one.at, down) < one.facts["until"]
        elif one.what is What.DOWN and _is_outage(one, down):
            counted[f"outage of {'days' if one.facts['until'] - one.at > timedelta(hours=18) else 'hours'}"] += 1
        elif one.what is What.REPLAY:
            counted["replay"] += _up_from(one.at, down) < plan.end
        elif one.what is What.POLICY:
            counted["policy edit"] += one.facts["numbers"] != numbers.get(one.about, one.facts["numbers"])
            numbers[one.about] = one.facts["numbers"]
    arrived = {one.about for one in record if one.what is What.ARRIVAL}
    counted.update(f"officer {temper}" for name, temper in plan.tempers.items() if name in arrived)
    counted["change of the clocks"] += _offset(plan, 0) != _offset(plan, DAYS)
    return counted


def _is_outage(one: Happened, down: Iterable[tuple[datetime, datetime]]) -> bool:
    # What happens to a service that is down already is no other outage.
    met = not any(begins < one.at < ends for begins, ends in down)
    long: bool = one.facts["until"] - one.at > timedelta(minutes=15)
    return met and long


def _up_from(moment: datetime, down: Iterable[tuple[datetime, datetime]]) -> datetime:
    for begins, ends in down:
        if begins <= moment < ends:
            moment = ends
    return moment


def _offset(plan: Plan, days: int) -> timedelta | None:
    return (plan.start + timedelta(days=days)).astimezone(LONDON).utcoffset()
