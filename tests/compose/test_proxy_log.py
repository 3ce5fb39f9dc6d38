"""Caddy's log shows a request with its header fields, and none of its tokens."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.containers import ROOT, Containers
from tests.support.services import unique
from tests.support.waiting import PATIENCE_SECONDS, until

FILES = (ROOT / "docker-compose.yml", ROOT / "tests/compose/proxy.yml")


@pytest.fixture(scope="module")
def proxy(docker: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Containers]:
    """Caddy without replicas, with the option `debug`: which errors it logs without that depends on its version."""
    caddyfile: Path = tmp_path_factory.mktemp("proxy") / "Caddyfile"
    caddyfile.write_text((ROOT / "deploy/Caddyfile").read_text().replace("\n{\n", "\n{\n\tdebug\n", 1))
    environment = {
        "CADDYFILE": str(caddyfile),
        "COMPOSE_PROJECT_NAME": "watchword-proxy",
        "COMPOSE_FILE": ":".join(map(str, FILES)),
    }
    containers = Containers(environment)
    try:
        containers.compose("up", "--detach", "--wait", "--quiet-pull", "--no-deps", "caddy")
        yield containers
    finally:
        containers.compose("down", "--volumes")


def log(proxy: Containers) -> str:
    """Everything that Caddy has written, on either output."""
    written = proxy.attempt("docker", "logs", *proxy.replicas("caddy"))
    return written.stdout + written.stderr


def logged(proxy: Containers, path: str) -> list[dict[str, Any]]:
    """The requests of this path as the log shows them."""
    requests = [json.loads(line).get("request", {}) for line in log(proxy).splitlines()]
    return [request for request in requests if request.get("uri") == path]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Sec-WebSocket-Protocol", "watchword, watchword.bearer.{}"),
        ("Authorization", "Bearer {}"),
        ("Cookie", "__Host-watchword_sign_on={}"),
    ],
)
async def test_no_token_of_a_request_is_in_the_log(proxy: Containers, field: str, value: str) -> None:
    path, token, address = f"/{unique('path')}", unique("token"), proxy.compose("port", "caddy", "8002").strip()
    fields = {"X-Shown": "shown", field: value.format(token)}
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False) as http:
        assert (await http.get(f"http://{address}{path}", headers=fields)).status_code == 503
    await until(lambda: logged(proxy, path) != [])
    assert logged(proxy, path)[0]["headers"]["X-Shown"] == ["shown"]
    assert token not in log(proxy)


async def test_no_token_of_a_link_is_in_the_log(proxy: Containers) -> None:
    path, token, address = (
        f"/{unique('path')}",
        secrets.token_urlsafe(32),
        proxy.compose("port", "caddy", "8002").strip(),
    )
    fields = {"Referer": f"http://{address}{path}/{token}", "X-Shown": "shown"}
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False) as http:
        response = await http.get(f"http://{address}{path}/{token}?next={token}", headers=fields)
    assert response.status_code == 503
    shown = f"{path}/REDACTED"
    await until(lambda: logged(proxy, f"{shown}?next=REDACTED") != [])
    assert logged(proxy, f"{shown}?next=REDACTED")[0]["headers"]["Referer"] == [f"http://{address}{shown}"]
    assert token not in log(proxy)
