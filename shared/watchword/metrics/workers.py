"""One set of metrics for a service that runs in several processes: prometheus_client's multiprocess mode.

prometheus_client reads at its import where the files are, so the parent process sets that before it starts the others.
Counters of a process that has ended still count; its gauges are left out.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"


@contextmanager
def shared_metrics_folder(processes: int) -> Iterator[None]:
    """Processes that are started in this block write their metrics to one folder, which is deleted after the block."""
    if processes == 1:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="watchword-metrics-") as path:
        os.environ[FOLDER_VARIABLE] = path
        try:
            yield
        finally:
            del os.environ[FOLDER_VARIABLE]


def folder() -> Path | None:
    """The folder in which the processes of this service write their metrics; None if this is the only process."""
    path = os.environ.get(FOLDER_VARIABLE)
    return Path(path) if path else None


def process_ids(shared: Path) -> set[int]:
    """The processes that write their metrics to this folder and are alive."""
    return {process_id for file in shared.glob("*.db") if _is_alive(process_id := _process_of(file))}


def merge(shared: Path, collectors: Iterable[Collector] = ()) -> CollectorRegistry:
    """The metrics of all processes, combined, and what these collectors find."""
    for file in shared.glob("gauge_live*.db"):
        if not _is_alive(_process_of(file)):
            file.unlink(missing_ok=True)
    registry = CollectorRegistry()
    for collector in (_WorkersCollector(shared), *collectors):
        registry.register(collector)
    return registry


class _WorkersCollector(Collector):
    """The metrics in the files of one folder. Those of a process that starts are empty for a moment, and are left out:
    prometheus_client's own collector fails on them."""

    def __init__(self, shared: Path) -> None:
        self._shared = shared

    def collect(self) -> Iterable[Metric]:
        files = [str(file) for file in self._shared.glob("*.db") if _has_a_size(file)]
        metrics: Iterable[Metric] = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]
        return metrics


def _process_of(file: Path) -> int:
    return int(file.stem.rpartition("_")[2])


def _has_a_size(file: Path) -> bool:
    try:
        return file.stat().st_size > 0
    except FileNotFoundError:
        # Another process has just merged the metrics, and deleted what a process that has ended left.
        return False


def _is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except OSError:
        # It has ended, or another user's process has its number.
        return False
    return True
