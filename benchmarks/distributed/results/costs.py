from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import psutil

from benchmarks.distributed.environment.deployment import Deployment

BROKER, DATABASE, CLIENTS = "broker", "PostgreSQL", "the clients"


def spent(deployment: Deployment) -> Mapping[str, float]:
    # The broker, PostgreSQL and this process with its clients are also listed.
    seconds: defaultdict[str, float] = defaultdict(float)
    for role in deployment.processes.running:
        seconds[role.name] += _own(psutil.Process(role.process.pid))
    me = psutil.Process()
    seconds[CLIENTS] = _own(me)
    # The broker is a child of this process. The other children are roles or servers that are counted separately.
    seconds[BROKER] = sum(_own(child) for child in me.children() if _is_broker(child, deployment))
    seconds[DATABASE] = _database(deployment)
    return seconds


def difference(before: Mapping[str, float], after: Mapping[str, float]) -> Mapping[str, float]:
    return {name: seconds - before.get(name, 0.0) for name, seconds in after.items()}


def _own(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _is_broker(process: psutil.Process, deployment: Deployment) -> bool:
    return str(deployment.ground.broker.folder) in " ".join(process.cmdline())


def _database(deployment: Deployment) -> float:
    # When a backend of PostgreSQL has ended, its time counts as time of the postmaster's children.
    server = psutil.Process(int((deployment.ground.postgres.folder / "postmaster.pid").read_text().split()[0]))
    ended = server.cpu_times()
    return _own(server) + float(ended.children_user + ended.children_system) + sum(map(_own, server.children()))
