from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

# The client library's own metrics of a process have no meaning as a sum.
OF_ONE_PROCESS = ("process_", "python_")


class _Families(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def describe(self) -> Iterator[Metric]:
        # Without this method, the registry would collect already when the collector is registered.
        yield from ()

    def collect(self) -> Iterator[Metric]:
        yield from self._families


def added_metrics(ours: bytes, theirs: str) -> bytes:
    """Add up the metrics of two processes."""
    found = {family.name: family for family in text_string_to_metric_families(ours.decode())}
    for family in text_string_to_metric_families(theirs):
        # These metrics describe one process, so only our own metrics are kept.
        if family.name.startswith(OF_ONE_PROCESS):
            continue
        known = found.get(family.name)
        if known is None:
            found[family.name] = family
        else:
            known.samples = _added(known.samples, family.samples)
    registry = CollectorRegistry()
    registry.register(_Families(found.values()))
    return generate_latest(registry)


def _added(ours: list[Sample], theirs: list[Sample]) -> list[Sample]:
    sums: dict[tuple[str, tuple[tuple[str, str], ...]], Sample] = {}
    for sample in (*ours, *theirs):
        key = sample.name, tuple(sorted(sample.labels.items()))
        before = sums.get(key)
        # The time at which a counter was made is not a count.
        if before is not None and not sample.name.endswith("_created"):
            sums[key] = before._replace(value=before.value + sample.value)
        else:
            sums.setdefault(key, sample)
    return list(sums.values())
