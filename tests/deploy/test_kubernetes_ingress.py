"""The Ingress makes every operation of both services public, except those for operators."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI, routing

import identity_service.app
import identity_service.parts
import identity_service.settings
import posts_service.app
import posts_service.parts
import posts_service.settings
from identity_service.pages.routes import PREFIXES
from tests.support.kubernetes import Manifest, Manifests, rendered
from tests.support.services import KEY_ENCRYPTION_KEY, SEALING_KEY

OPERATIONS = "operations"
FOR_OPERATORS = {"/livez", "/metrics", "/readyz"}
PAGES = {"/", "/docs", "/docs/swagger-ui.css", "/openapi.json"}
NOWHERE = "postgresql://nobody@127.0.0.1:1/none"
ISSUER = "https://identity.example.com"

each_service = pytest.mark.parametrize("service", ["identity", "posts"])


def app_of(service: str) -> FastAPI:
    """Build the app without starting it, so that nothing connects."""
    if service == "identity":
        identity = identity_service.settings.Settings(
            database_url=NOWHERE,
            issuer=ISSUER,
            key_encryption_key=KEY_ENCRYPTION_KEY,
            hash_threads=1,
            email_verification="optional",
        )
        return identity_service.app.create_app(identity_service.parts.assemble(identity))
    posts = posts_service.settings.Settings(
        database_url=NOWHERE,
        issuer=ISSUER,
        audience="https://posts.example.com",
        client_secret="secret of the client posts",
        pages_sealing_key=SEALING_KEY,
    )
    return posts_service.app.create_app(posts_service.parts.assemble(posts))


def paths_of(app: FastAPI) -> Iterator[tuple[str, bool]]:
    """Yield a path for each operation and page, and whether it is for operators."""
    for route in routing.iter_route_contexts(app.routes):
        yield re.sub(r"{\w+}", "some-thing", route.path or ""), OPERATIONS in (getattr(route, "tags", None) or [])


def backend(manifests: Manifests, host: str, path: str) -> str | None:
    """Return the Service that gets a request for this path, by the rules of networking.k8s.io/v1."""
    for ingress in manifests.of("Ingress"):
        for rule in ingress["spec"]["rules"]:
            for entry in rule["http"]["paths"]:
                if rule["host"] == host and _matches(entry, path):
                    return str(entry["backend"]["service"]["name"])
    return None


def _matches(entry: Manifest, path: str) -> bool:
    if entry["pathType"] == "Exact":
        return bool(path == entry["path"])
    assert entry["pathType"] == "Prefix"
    prefix = entry["path"].strip("/").split("/")
    return bool(path.strip("/").split("/")[: len(prefix)] == prefix)


@each_service
def test_every_operation_is_public_except_those_for_operators(service: str) -> None:
    operations = dict(paths_of(app_of(service)))
    assert set(operations.values()) == {True, False}
    for path, for_operators in operations.items():
        service_reached = backend(rendered("overlays/production"), f"{service}.example.com", path)
        assert service_reached == (None if for_operators else service), path


def test_every_page_for_people_is_public() -> None:
    paths = {path for path, _ in paths_of(app_of("identity"))}
    for prefix in PREFIXES:
        pages = {path for path in paths if f"{path}/".startswith(f"/{prefix}/")}
        assert pages, prefix
        for path in pages:
            assert backend(rendered("overlays/production"), "identity.example.com", path) == "identity", path


@each_service
def test_the_documentation_and_the_front_page_are_public(service: str) -> None:
    for path in PAGES:
        assert backend(rendered("overlays/production"), f"{service}.example.com", path) == service, path


@each_service
def test_paths_for_operators_are_not_public(service: str) -> None:
    for path in FOR_OPERATORS | {f"{path}/" for path in FOR_OPERATORS} | {"/other"}:
        assert backend(rendered("overlays/production"), f"{service}.example.com", path) is None, path


@each_service
def test_every_public_path_is_served(service: str) -> None:
    served = PAGES | {path for path, _ in paths_of(app_of(service))}
    ingress = rendered("overlays/production").named("Ingress", service)
    for rule in ingress["spec"]["rules"]:
        for entry in rule["http"]["paths"]:
            assert any(_matches(entry, path) for path in served), entry["path"]


def problems_of(manifests: Manifests) -> list[str]:
    """List what is wrong with hosts, certificates and backends."""
    problems = []
    for ingress in manifests.of("Ingress"):
        spec: Any = ingress["spec"]
        covered = {host for tls in spec.get("tls", []) if tls.get("secretName") for host in tls["hosts"]}
        for rule in spec["rules"]:
            if rule["host"] not in covered:
                problems.append(f"{rule['host']} has no certificate")
            for entry in rule["http"]["paths"]:
                service = entry["backend"]["service"]
                ports = manifests.named("Service", service["name"])["spec"]["ports"]
                if service["port"]["name"] not in {port["name"] for port in ports}:
                    problems.append(f"{entry['path']} has a backend without this port")
        if "defaultBackend" in spec:
            problems.append("there is a default backend")
    return problems


def test_every_host_has_a_certificate_and_every_path_a_port() -> None:
    assert rendered("overlays/production").names("Ingress") == {"identity", "posts"}
    assert problems_of(rendered("overlays/production")) == []
    broken = rendered("overlays/production").copy()
    broken.named("Ingress", "posts")["spec"]["tls"] = []
    broken.named("Ingress", "identity")["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["port"] = {
        "name": "x"
    }
    broken.named("Ingress", "posts")["spec"]["defaultBackend"] = {"service": {"name": "posts"}}
    assert len(problems_of(broken)) == 3


def test_the_hosts_are_those_of_issuer_and_audience() -> None:
    manifests = rendered("overlays/production")
    data = {key: value for config in manifests.of("ConfigMap") for key, value in config["data"].items()}
    for service, key in (("identity", "IDENTITY_ISSUER"), ("posts", "POSTS_AUDIENCE")):
        url = urlsplit(data[key])
        (rule,) = manifests.named("Ingress", service)["spec"]["rules"]
        assert (url.scheme, url.hostname) == ("https", rule["host"])
