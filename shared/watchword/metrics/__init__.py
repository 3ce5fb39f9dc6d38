"""Metrics for Prometheus: an app's own, and those of the parts that every service has."""

from watchword.metrics.metrics import Metrics, MultiprocessMode, metrics_routes
from watchword.metrics.process import watch_process
from watchword.metrics.watch import watch_database, watch_jobs, watch_receiver, watch_verifier
from watchword.metrics.workers import shared_metrics_folder

__all__ = [
    "Metrics",
    "MultiprocessMode",
    "metrics_routes",
    "shared_metrics_folder",
    "watch_database",
    "watch_jobs",
    "watch_process",
    "watch_receiver",
    "watch_verifier",
]
