"""Every image of docker-compose.yml can be pinned by a digest, and by default is the one of its tag."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.needed import need

ROOT = Path(__file__).parents[2]
DIGEST = f"@sha256:{'0123456789abcdef' * 4}"
VARIABLES = {
    "POSTGRES_IMAGE": {"postgres", "roles"},
    "CADDY_IMAGE": {"caddy"},
    "MAILPIT_IMAGE": {"mailbox"},
    "PROMETHEUS_IMAGE": {"prometheus"},
    "WATCHWORD_IMAGE": {"identity", "identity-migrate", "identity-setup", "posts", "posts-migrate"},
}


def services(**variables: str) -> dict[str, Any]:
    """The services as compose reads them with these variables, those of every profile among them."""
    program = shutil.which("docker")
    need(program, "no docker on this machine")
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = subprocess.run(
        [str(program), "compose", "--env-file", "/dev/null", "--profile", "*", "config", "--format", "json"],
        cwd=ROOT,
        env=environment | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    services: dict[str, Any] = json.loads(process.stdout)["services"]
    return services


def test_every_image_can_be_pinned() -> None:
    pinned = services(**{variable: f"image-of-{variable.lower()}:tag{DIGEST}" for variable in VARIABLES})
    assert set(pinned) == {service for named in VARIABLES.values() for service in named}
    for variable, named in VARIABLES.items():
        for service in named:
            assert pinned[service]["image"] == f"image-of-{variable.lower()}:tag{DIGEST}", service


def test_the_image_that_ours_is_built_from_can_be_pinned() -> None:
    pinned = services(PYTHON_IMAGE=f"python:3.13-slim-trixie{DIGEST}")
    assert pinned["identity"]["build"]["args"]["PYTHON"] == f"python:3.13-slim-trixie{DIGEST}"
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    unpinned = services()["identity"]["build"]["args"]["PYTHON"]
    assert f"ARG PYTHON={unpinned}\n" in dockerfile
    assert [line for line in dockerfile.splitlines() if line.startswith("FROM ")] == [
        "FROM ${PYTHON} AS built",
        "FROM ${PYTHON}",
    ]


@pytest.mark.parametrize("service", ["postgres", "caddy", "mailbox", "prometheus"])
def test_each_image_has_its_tag_unless_a_variable_is_set(service: str) -> None:
    name, colon, tag = services()[service]["image"].rpartition(":")
    assert name
    assert colon
    assert tag not in ("", "latest")


def test_the_settings_and_the_guide_name_each_variable() -> None:
    guide = (ROOT / "docs" / "operations.md").read_text()
    assert all(variable in guide for variable in (*VARIABLES, "PYTHON_IMAGE"))
