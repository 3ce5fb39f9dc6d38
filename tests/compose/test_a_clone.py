"""A fresh clone, used as the README says: up, the walk-through, down."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.compose.secret_files import ensure_secrets
from tests.support.clones import copy_to
from tests.support.containers import Containers
from tests.system.examples import blocks
from tests.system.test_readme import README
from watchword import __version__

PROJECT = "watchword-clone"


@pytest.fixture(scope="module")
def clone(docker: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Containers]:
    """A copy of the files that git would clone."""
    folder = tmp_path_factory.mktemp("clone")
    copy_to(folder)
    containers = Containers({"COMPOSE_PROJECT_NAME": PROJECT}, folder)
    try:
        yield containers
    finally:
        containers.run("make", "down", "VOLUMES=1")


def version_label(clone: Containers) -> str:
    label = '{{index .Config.Labels "org.opencontainers.image.version"}}'
    return clone.run("docker", "image", "inspect", "--format", label, f"{PROJECT}:local").strip()


def left_over(clone: Containers, kind: str) -> list[str]:
    label = f"label=com.docker.compose.project={PROJECT}"
    listing = ["docker", "ps", "--all", "--quiet"] if kind == "container" else ["docker", kind, "ls", "--quiet"]
    return clone.run(*listing, "--filter", label).split()


def test_up_the_walk_through_and_down(clone: Containers) -> None:
    volumes_before = set(clone.run("docker", "volume", "ls", "--quiet").split())
    output = clone.run("make", "up")
    assert "http://localhost:8001/docs" in output
    assert version_label(clone) == __version__
    walk_through(clone)
    clone.run("make", "down")
    assert left_over(clone, "container") == left_over(clone, "network") == []
    assert left_over(clone, "volume") != []
    # The same data and the same secrets are used again.
    clone.run("make", "up")
    assert clone.attempt("bash", text_in="".join(sign_in())).stdout.startswith("ey")
    # VOLUMES counts only if it is 1 and on the command line.
    clone.run("make", "down", "VOLUMES=0")
    clone.attempt("make", "down", environment={"VOLUMES": "1"})
    assert left_over(clone, "volume") != []
    ensure_data_keeps_its_secrets(clone)
    clone.run("make", "down", "VOLUMES=1")
    for kind in ("container", "network", "volume"):
        assert left_over(clone, kind) == []
    assert set(clone.run("docker", "volume", "ls", "--quiet").split()) <= volumes_before
    assert clone.run("docker", "images", "--quiet", f"{PROJECT}:local") == ""
    assert clone.attempt("ls", ".secrets").returncode != 0


def ensure_data_keeps_its_secrets(clone: Containers) -> None:
    """Data in use by another container is not deleted, and data without its secrets is not started."""
    using = clone.run(
        "docker", "run", "--detach", "--volume", f"{PROJECT}_postgres:/data", "postgres:18-trixie", "sleep", "600"
    )
    try:
        refused = clone.attempt("make", "down", "VOLUMES=1")
        assert refused.returncode != 0
        assert f"{PROJECT}_postgres" in refused.stderr
    finally:
        clone.run("docker", "rm", "--force", "--volumes", using.strip())
    clone.run("mv", ".secrets", "moved")
    refused = clone.attempt("make", "up")
    assert "the database that belongs to them exists" in refused.stderr
    clone.run("mv", "moved", ".secrets")


def walk_through(clone: Containers) -> None:
    pasted = "".join(blocks(README, "A walk-through", "bash"))
    done = clone.attempt("bash", text_in=pasted)
    outcomes = re.findall(r"^(\d{3}), expected (\d{3})$", done.stdout, re.MULTILINE)
    assert len(outcomes) == pasted.count("\nexpect ")
    assert all(got == expected for got, expected in outcomes), done.stdout
    assert done.stderr == ""


def sign_in() -> list[str]:
    """The lines of the walk-through that sign Ada in."""
    lines = "".join(blocks(README, "A walk-through", "bash")).splitlines(keepends=True)
    return [line for line in lines if line.startswith(("member()", "TOKENS=", "ADA="))] + ['echo "$ADA"\n']


@pytest.mark.parametrize(
    ("name", "problem"),
    [("IDENTITY_KEY_ENCRYPTION_KEY", "empty"), ("POSTS_CLIENT_SECRET", "empty"), ("POSTS_DATABASE_URL", "missing")],
)
def test_a_secret_that_is_missing_or_empty_is_named(clone: Containers, name: str, problem: str) -> None:
    folder = Path(clone.run("pwd").strip()) / ".secrets"
    ensure_secrets(folder, PROJECT, ())
    secret = folder / name
    original = secret.read_text()
    secret.unlink()
    if problem == "empty":
        secret.touch()
    try:
        refused = clone.attempt("make", "up")
        assert refused.returncode != 0
        assert f"{name} is {problem}" in refused.stderr
        # Compose alone refuses it too, before anything serves.
        refused = clone.attempt("docker", "compose", "up", "--build", "--detach", "--wait")
        assert refused.returncode != 0
        assert name in refused.stderr + clone.run("docker", "compose", "logs", "--no-color")
        assert clone.replicas("caddy") == []
    finally:
        secret.unlink(missing_ok=True)
        secret.write_text(original)
        clone.run("docker", "compose", "down", "--volumes")
