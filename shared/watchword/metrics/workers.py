"""One set of figures for a service that is served by several processes: prometheus_client's multiprocess mode.

Its files must be named to a process before prometheus_client is imported there, so they are made by the process that
starts the others. Counters of a process that has ended still count; its gauges go.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"


@contextmanager
def shared_metrics_folder(processes: int) -> Iterator[None]:
    """Processes started in this block keep their figures in one folder, which goes with the block."""
    if processes == 1:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="watchword-metrics-") as made:
        os.environ[VARIABLE] = made
        try:
            yield
        finally:
            del os.environ[VARIABLE]


def folder() -> Path | None:
    """Where this process and its like keep their figures; None where it is the only one."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


def merged(shared: Path) -> CollectorRegistry:
    """The figures of all, added up."""
    for file in shared.glob("gauge_live*.db"):
        if not _is_alive(int(file.stem.rpartition("_")[2])):
            file.unlink(missing_ok=True)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(shared))  # type: ignore[no-untyped-call]
    return registry


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except OSError:
        # Gone, or its number is somebody else's by now.
        return False
    return True
