"""What a run cost each process in seconds of processor time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import psutil

from benchmarks.distributed.environment.deployment import Deployment

BROKER, DATABASE, CLIENTS = "broker", "PostgreSQL", "the clients"


def spent(deployment: Deployment) -> Mapping[str, float]:
    """Seconds of processor time so far, by role; the servers beside them, and this process, which posts."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for role in deployment.processes.running:
        seconds[role.name] += _own(psutil.Process(role.process.pid))
    me = psutil.Process()
    seconds[CLIENTS] = _own(me)
    seconds[BROKER] = sum(_own(child) for child in me.children() if _is_broker(child, deployment))
    seconds[DATABASE] = _database(deployment)
    return seconds


def difference(before: Mapping[str, float], after: Mapping[str, float]) -> Mapping[str, float]:
    """What was spent between two looks."""
    return {name: seconds - before.get(name, 0.0) for name, seconds in after.items()}


def _own(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _is_broker(process: psutil.Process, deployment: Deployment) -> bool:
    return str(deployment.ground.broker.folder) in " ".join(process.cmdline())


def _database(deployment: Deployment) -> float:
    """The server with those of its processes that run and those that have ended."""
    server = psutil.Process(int((deployment.ground.postgres.folder / "postmaster.pid").read_text().split()[0]))
    ended = server.cpu_times()
    return _own(server) + float(ended.children_user + ended.children_system) + sum(map(_own, server.children()))
