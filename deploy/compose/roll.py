"""Replace the replicas of a service one by one, a new one ready before an old one goes: nobody notices."""

import fcntl
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.compose.stack import Stack, docker, docker_aloud
from deploy.local.processes import LocalFailure

_READY_SECONDS = 120.0
_LOOK_AGAIN_SECONDS = 0.5


def roll(services: Sequence[str]) -> None:
    """Every container of theirs that runs now is replaced by one of the present image and settings.

    Where a new one does not get ready it is taken away, LocalFailure raised, and the old ones go on.
    """
    with _sole_roll(Stack.read().name):
        for service in services:
            # Compose counts those that have stopped as replicas, and would start them instead of making new ones.
            docker("compose", "rm", "--force", service)
            old = _running(service)
            if not old:
                raise LocalFailure(f"no {service} is running: start it with `make up`")
            for container in old:
                _replace(service, container)
                print(f"{service}: {container[:12]} is replaced")


def _replace(service: str, container: str) -> None:
    before = set(_running(service))
    one_more = ("--scale", f"{service}={len(before) + 1}")
    try:
        docker("compose", "up", "--detach", "--no-deps", "--no-recreate", *one_more, service)
        fresh = set(_running(service)) - before
        if len(fresh) != 1 or not before <= set(_running(service)):
            raise LocalFailure(f"something else changes the replicas of {service} at the same time")
        _await_healthy(*fresh)
    except BaseException:
        for failed in set(docker("compose", "ps", "--all", "--quiet", service).split()) - before:
            docker_aloud("logs", "--tail", "10", failed)
            docker("rm", "--force", failed)
        raise
    docker("stop", container)
    docker("rm", container)


def _running(service: str) -> Sequence[str]:
    return docker("compose", "ps", "--quiet", service).split()


def _await_healthy(container: str) -> None:
    until = time.monotonic() + _READY_SECONDS
    while time.monotonic() < until:
        state = json.loads(docker("inspect", "--format", "{{json .State}}", container))
        if state.get("Health", {}).get("Status") == "healthy":
            return
        if state["Status"] != "running":
            break
        time.sleep(_LOOK_AGAIN_SECONDS)
    raise LocalFailure(f"{container[:12]} does not become healthy; the old ones go on")


@contextmanager
def _sole_roll(stack: str) -> Iterator[None]:
    with (Path(tempfile.gettempdir()) / f"watchword-roll-{stack}.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LocalFailure("another roll is under way") from None
        yield
