"""A former key-encryption key is a secret that is left out, unless another one takes its place."""

import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from identity_service.settings import Settings
from tests.deploy.test_compose_images import ROOT, services
from tests.support.kubernetes import OVERLAYS, rendered

NAME = "IDENTITY_FORMER_KEY_ENCRYPTION_KEYS"


def test_compose_gives_it_to_what_opens_keys_and_it_is_empty_by_default() -> None:
    by_name = services()
    readers = {name for name, service in by_name.items() if NAME in _sources(service)}
    assert readers == {"identity", "identity-setup"}
    text = (ROOT / "docker-compose.yml").read_text()
    (default,) = re.findall(r"FORMER_KEYS_FILE:-([^}]+)}", text)
    # The services refuse what is no regular file, as /dev/null.
    assert (ROOT / default).is_file()
    assert not (ROOT / default).read_bytes()
    others: dict[str, Any] = {"database_url": "postgresql://a@127.0.0.1/b", "issuer": "http://localhost:8001"}
    key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    settings = Settings(**others, key_encryption_key=key, former_key_encryption_keys="", email_verification="optional")
    assert settings.former_key_encryption_keys == ()


def test_example_keeps_it_apart_from_the_secrets_and_from_git() -> None:
    examples = dict(re.findall(r"^#(\w+)=(.+)$", (ROOT / "deploy" / "env.example").read_text(), re.MULTILINE))
    folder = Path(examples["FORMER_KEYS_FILE"]).parent
    assert folder != Path(".secrets")
    assert any(fnmatch(f"{folder}/", ignored) for ignored in (ROOT / ".gitignore").read_text().splitlines())


@pytest.mark.parametrize("name", OVERLAYS)
def test_kubernetes_gives_it_to_what_opens_keys_if_there_is_such_a_secret(name: str) -> None:
    readers = {
        (workload.containers[0]["command"][-1], source["secret"]["optional"])
        for workload in rendered(name).workloads("Deployment", "Job")
        for volume in workload.pod["volumes"]
        for source in volume.get("projected", {}).get("sources", [])
        if NAME in {item["path"] for item in source["secret"]["items"]}
    }
    assert readers == {("serve", True), ("setup", True)}


def _sources(service: dict[str, Any]) -> set[str]:
    return {secret["source"] for secret in service.get("secrets", [])}
