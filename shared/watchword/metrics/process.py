"""Metrics of the processes themselves, under the names that Prometheus' own client gives them: memory, descriptors, CPU
time, garbage collection and the version of Python.

If several processes serve, the kernel tells of all of them, whichever answers; garbage collections are counted in the
files that they share.
"""

import gc
import os
from collections.abc import Callable, Collection, Iterable
from functools import partial
from typing import Final

from prometheus_client import Metric, PlatformCollector, ProcessCollector
from prometheus_client.registry import Collector

from watchword.metrics import workers
from watchword.metrics.metrics import Metrics

_GARBAGE: Final = {
    "collections": "Garbage collections",
    "collected": "Objects that garbage collections have freed",
    "uncollectable": "Objects that garbage collections could not free",
}
"""The help of each metric, by the member of gc.get_stats() that it shows."""

_NAMES: Final = {
    "collections": "python_gc_collections_total",
    "collected": "python_gc_objects_collected_total",
    "uncollectable": "python_gc_objects_uncollectable_total",
}
_EARLIEST: Final = "process_start_time_seconds"


def watch_process(metrics: Metrics) -> None:
    shared = workers.folder()
    metrics.add(ServingProcesses(own_id if shared is None else partial(workers.process_ids, shared)))
    metrics.add(PlatformCollector(registry=None))
    for member, help_text in _GARBAGE.items():
        metrics.counter(_NAMES[member], help_text, "generation", partial(_garbage, member))


def own_id() -> list[int]:
    return [os.getpid()]


def _garbage(member: str) -> dict[str, int]:
    return {str(generation): stats[member] for generation, stats in enumerate(gc.get_stats())}


class ServingProcesses(Collector):
    """What the kernel knows of some processes: the sum of each value, and the start of the first."""

    def __init__(self, process_ids: Callable[[], Collection[int]]) -> None:
        self._process_ids = process_ids

    def collect(self) -> Iterable[Metric]:
        combined: dict[str, Metric] = {}
        for process_id in self._process_ids():
            for metric in ProcessCollector(pid=partial(int, process_id), registry=None).collect():
                combined[metric.name] = _combine(combined[metric.name], metric) if metric.name in combined else metric
        return combined.values()


def _combine(one: Metric, other: Metric) -> Metric:
    metric = Metric(one.name, one.documentation, one.type)
    for sample, more in zip(one.samples, other.samples, strict=True):
        value = min(sample.value, more.value) if one.name == _EARLIEST else sample.value + more.value
        metric.add_sample(sample.name, sample.labels, value)
    return metric
