"""Replace the replicas of a service one by one, a new one ready before an old one goes: nobody notices."""

import json
import subprocess
import time

from deploy.local.processes import LocalFailure

_READY_SECONDS = 120.0
_LOOK_AGAIN_SECONDS = 0.5


def roll(service: str) -> None:
    """Every container that runs now is replaced by one of the present image and settings."""
    old = _containers(service)
    if not old:
        raise LocalFailure(f"no {service} is running: start it with `make up`")
    for container in old:
        before = set(_containers(service))
        _compose("up", "--detach", "--no-deps", "--no-recreate", "--scale", f"{service}={len(before) + 1}", service)
        for fresh in set(_containers(service)) - before:
            _await_healthy(fresh)
        _docker("stop", container)
        _docker("rm", container)
        print(f"{service}: {container[:12]} is replaced")


def _containers(service: str) -> list[str]:
    return _compose("ps", "--quiet", service).split()


def _await_healthy(container: str) -> None:
    until = time.monotonic() + _READY_SECONDS
    while time.monotonic() < until:
        state = json.loads(_docker("inspect", "--format", "{{json .State}}", container))
        if state["Health"]["Status"] == "healthy":
            return
        time.sleep(_LOOK_AGAIN_SECONDS)
    raise LocalFailure(f"{container[:12]} does not become healthy: docker logs {container[:12]}. The old ones go on.")


def _compose(*arguments: str) -> str:
    return _docker("compose", *arguments)


def _docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LocalFailure(f"docker {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout
