from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from time import perf_counter

from benchmarks.distributed.environment.deployment import Deployment, deployed
from benchmarks.distributed.environment.ground import Ground, WrongMatchesError
from benchmarks.distributed.posting import post_all, posts_of
from benchmarks.distributed.results.costs import difference, spent
from benchmarks.distributed.results.sampling import Profile, sampled
from benchmarks.world import SHARE_NOTICED, SHARE_OTHER_NUMBER, County


@dataclass(frozen=True)
class Crew:
    # With matchers, there is also one relay.
    apis: int = 0
    matchers: int = 0
    alerts: int = 0

    def __str__(self) -> str:
        counted = ((self.apis, "ingest"), (min(self.matchers, 1), "relay"), (self.matchers, "matcher"))
        return ", ".join(f"{count} {role}" for count, role in (*counted, (self.alerts, "alerts")) if count)


@dataclass
class Run:
    crew: Crew
    lines: int
    seconds: float = 0.0
    # Seconds of processor time, by role.
    costs: Mapping[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        return self.lines / self.seconds


def from_http(ground: Ground, county: County, crew: Crew, profile: Profile | None = None) -> Run:
    """Measures the time from the first byte posted to the final match."""
    name = f"http_{crew.apis}_{crew.matchers}_{crew.alerts}"
    ground.empty_broker()
    posts, run = posts_of(county, ground.keys), Run(crew, county.lines)
    with deployed(ground, ground.copy(name), name) as deployment:
        deployment.start_relay()
        for role, count in (("matcher", crew.matchers), ("alerts", crew.alerts)):
            deployment.start_workers(role, count)
        urls = deployment.start_ingest(crew.apis)
        watched = sampled(deployment.processes, profile) if profile else nullcontext()
        with watched, _measured(run, deployment):
            post_all(urls, posts)
            deployment.matched()
        _check(deployment, county)
    ground.drop(name)
    return run


def ingest_alone(ground: Ground, county: County, crew: Crew, database: str) -> Run:
    """Measures the time from the first byte posted to the final answer."""
    # The relay publishes nothing in this time.
    posts, run = posts_of(county, ground.keys), Run(crew, county.lines)
    with deployed(ground, ground.copy(database), database) as deployment:
        urls = deployment.start_ingest(crew.apis)
        with _measured(run, deployment):
            post_all(urls, posts)
    return run


def matching_alone(ground: Ground, county: County, crew: Crew, filled: str) -> Run:
    """Measures the time from the first event to the final commit."""
    # The database `filled` already has the lines.
    name = f"matching_{crew.matchers}"
    ground.empty_broker()
    run = Run(crew, county.lines)
    with deployed(ground, ground.copy(name, filled), name) as deployment:
        # All workers are up and idle before the relay may publish the first event.
        with deployment.held_back():
            deployment.start_relay()
            deployment.start_workers("matcher", crew.matchers)
        with _measured(run, deployment):
            deployment.matched()
        _check(deployment, county)
    ground.drop(name)
    return run


@contextmanager
def _measured(run: Run, deployment: Deployment) -> Iterator[None]:
    # The costs are read outside the timed part, because reading them takes time.
    before, started = spent(deployment), perf_counter()
    yield
    run.seconds = perf_counter() - started
    run.costs = difference(before, spent(deployment))


def _check(deployment: Deployment, county: County) -> None:
    # The result counts only if the matches are right: every noticed line has exactly one.
    called_for = {
        "confirmed": int(county.entries * SHARE_NOTICED),
        "probable": int(county.entries * SHARE_OTHER_NUMBER),
    }
    levels = deployment.levels()
    if {level: levels.get(level, 0) for level in called_for} != called_for:
        raise WrongMatchesError(f"{dict(levels)} on record, where {called_for} are called for")
