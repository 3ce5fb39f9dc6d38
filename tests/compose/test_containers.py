"""The containers: their privileges, their contents, and the connections between them."""

import json
import socket
from typing import Any

import httpx
import pytest

from tests.support.containers import Containers
from tests.system.conftest import NewPerson
from watchword import __version__

SERVICES = ("identity", "posts")
SECRETS = {
    "identity": {
        "IDENTITY_DATABASE_URL",
        "IDENTITY_KEY_ENCRYPTION_KEY",
        "IDENTITY_FORMER_KEY_ENCRYPTION_KEYS",
        "IDENTITY_SMTP_PASSWORD",
    },
    "posts": {"POSTS_CLIENT_SECRET", "POSTS_DATABASE_URL", "POSTS_PAGES_SEALING_KEY"},
}
WRITE_EVERYWHERE = """
import os
for folder, folders, files in os.walk("/"):
    if folder in ("/proc", "/sys", "/dev", "/tmp"):  # of the kernel, and tmpfs
        folders.clear()
        continue
    if os.access(folder, os.W_OK):
        print(folder)
    for name in files:
        if os.access(os.path.join(folder, name), os.W_OK):
            print(os.path.join(folder, name))
"""
CONNECTS = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=2).close()
    print("reached")
except OSError as error:
    print(type(error).__name__)
"""


@pytest.fixture(params=SERVICES)
def container(request: pytest.FixtureRequest, running: Containers) -> tuple[str, str]:
    return request.param, running.replicas(request.param)[0]


def test_no_process_is_root_and_none_can_become_it(running: Containers, container: tuple[str, str]) -> None:
    _, replica = container
    users = running.execute(replica, "sh", "-c", "cat /proc/[0-9]*/status 2>/dev/null || true").splitlines()
    assert {line for line in users if line.startswith("Uid:")} == {"Uid:\t10001\t10001\t10001\t10001"}
    host = running.inspect(replica)["HostConfig"]
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert "no-new-privileges:true" in host["SecurityOpt"]
    assert host["Memory"] > 0
    assert host["PidsLimit"] > 0


def test_no_file_can_be_written_outside_tmp(running: Containers, container: tuple[str, str]) -> None:
    _, replica = container
    assert running.inspect(replica)["HostConfig"]["ReadonlyRootfs"] is True
    assert running.execute(replica, "python", "-c", WRITE_EVERYWHERE) == ""


def test_a_service_has_its_own_secrets_only_and_shows_none(
    running: Containers, container: tuple[str, str], environment: dict[str, str]
) -> None:
    service, replica = container
    assert set(running.execute(replica, "ls", "/run/secrets").split()) == SECRETS[service]
    values = running.execute(replica, "sh", "-c", "cat /run/secrets/*").split()
    everything = running.run("docker", "history", "--no-trunc", environment["WATCHWORD_IMAGE"])
    everything += json.dumps(running.inspect(replica)) + running.execute(replica, "env")
    everything += running.compose("logs", "--no-color")
    assert values
    for value in values:
        password = value.split(":")[2].split("@")[0] if "://" in value else value
        assert password not in everything


def test_the_image_contains_no_compiler_and_no_installer(running: Containers, container: tuple[str, str]) -> None:
    _, replica = container
    tools = "import shutil; print([name for name in ('pip', 'pip3', 'gcc', 'cc', 'make', 'git') if shutil.which(name)])"
    assert running.execute(replica, "python", "-c", tools) == "[]\n"
    modules = "import importlib.util as u; print([n for n in ('pip', 'ensurepip', 'pytest') if u.find_spec(n)])"
    assert running.execute(replica, "python", "-c", modules) == "[]\n"


def test_the_library_is_importable_and_compiled(running: Containers, container: tuple[str, str]) -> None:
    _, replica = container
    code = "import watchword as w, pathlib; print(w.__version__, pathlib.Path(w.__cached__).exists())"
    assert running.execute(replica, "python", "-c", code) == f"{__version__} True\n"


def test_only_caddy_is_reached_from_outside(running: Containers) -> None:
    listed = [json.loads(line) for line in running.compose("ps", "--format", "json").splitlines()]
    published = {one["Service"] for one in listed if published_by(one)}
    assert published == {"caddy"}


def published_by(container: dict[str, Any]) -> list[Any]:
    return [port for port in container["Publishers"] or () if port["PublishedPort"]]


def test_caddy_reaches_no_database_and_posts_not_identitys_network(running: Containers) -> None:
    posts, identity = running.replicas("posts")[0], running.replicas("identity")[0]
    assert running.execute(posts, "python", "-c", CONNECTS, "identity", "8001") == "reached\n"
    assert running.execute(identity, "python", "-c", CONNECTS, "postgres", "5432") == "reached\n"
    networks = {
        service: {name.removeprefix("watchword-test_") for name in networks_of(running, service)}
        for service in ("caddy", "identity", "posts")
    }
    assert networks == {
        "caddy": {"front"},
        "identity": {"front", "identity-data"},
        "posts": {"front", "posts-data"},
    }


def networks_of(running: Containers, service: str) -> set[str]:
    return set(running.inspect(running.replicas(service)[0])["NetworkSettings"]["Networks"])


@pytest.mark.parametrize("port", [8001, 8002])
def test_metrics_cannot_be_read_from_outside(running: Containers, port: int) -> None:
    spellings = (
        "/metrics",
        "/metrics/",
        "/%6detrics",
        "/metrics%0A",
        "/metr%69cs%0a",
        "//metrics",
        "/./metrics",
        "/METRICS",
    )
    for path in (*spellings, "/livez/../metrics", f"http://localhost:{port}/metrics%0A"):
        assert status_of(port, path) == 404, path
    assert status_of(port, "/livez") == 200
    read = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8002/metrics').status)"
    assert running.execute(running.replicas("posts")[0], "python", "-c", read) == "200\n"


def status_of(port: int, path: str) -> int:
    """Request exactly this path, which every HTTP library would normalise, and return the status."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as peer:
        peer.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        with peer.makefile("rb") as answer:
            return int(answer.readline().split()[1])


async def test_the_address_of_a_session_is_the_clients_whatever_header_it_sends(
    running: Containers, http: httpx.AsyncClient, person: NewPerson
) -> None:
    gateway = running.inspect(running.replicas("caddy")[0])["NetworkSettings"]["Networks"]["watchword-test_front"]
    http.headers["X-Forwarded-For"] = "203.0.113.9"
    ada = await person()
    [session] = (await http.get(f"{running.identity}/sessions", headers=ada.identity_headers)).json()
    # This machine reaches Caddy from Docker's gateway: it is neither Caddy's address nor the one in the header.
    assert session["address"] == gateway["Gateway"]
