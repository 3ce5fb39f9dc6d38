"""Replace the replicas of a service one by one: a new one is ready before an old one stops."""

import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from deploy.common import CommandFailed, exclusive_lock
from deploy.compose.stack import Stack, docker, docker_visibly

_READY_SECONDS = 120.0
_POLL_SECONDS = 0.5


def roll(services: Sequence[str]) -> None:
    """Replace every running container of these services by one with the current image and settings.

    Raises CommandFailed if a new container does not become healthy: it is removed, and the old ones stay.
    """
    lock = Path(tempfile.gettempdir()) / f"watchword-roll-{Stack.read().name}.lock"
    with exclusive_lock(lock, "another roll is running (process {holder})"):
        for service in services:
            # Compose counts stopped containers as replicas, and would start them instead of creating new ones.
            docker("compose", "rm", "--force", service)
            old = _running(service)
            if not old:
                raise CommandFailed(f"no {service} is running: start it with `make up`")
            for container in old:
                _replace(service, container)
                print(f"{service}: {container[:12]} is replaced")


def _replace(service: str, container: str) -> None:
    before = set(_running(service))
    one_more = ("--scale", f"{service}={len(before) + 1}")
    try:
        docker("compose", "up", "--detach", "--no-deps", "--no-recreate", *one_more, service)
        added = set(_running(service)) - before
        if len(added) != 1 or not before <= set(_running(service)):
            raise CommandFailed(f"something else changes the replicas of {service} at the same time")
        _wait_until_healthy(*added)
    except BaseException:
        for failed in set(docker("compose", "ps", "--all", "--quiet", service).split()) - before:
            docker_visibly("logs", "--tail", "10", failed)
            docker("rm", "--force", failed)
        raise
    docker("stop", container)
    docker("rm", container)


def _running(service: str) -> Sequence[str]:
    return docker("compose", "ps", "--quiet", service).split()


def _wait_until_healthy(container: str) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        state = json.loads(docker("inspect", "--format", "{{json .State}}", container))
        if state.get("Health", {}).get("Status") == "healthy":
            return
        if state["Status"] != "running":
            break
        time.sleep(_POLL_SECONDS)
    raise CommandFailed(f"{container[:12]} does not become healthy; the old containers stay")
