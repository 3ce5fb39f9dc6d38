"""The password grant is on where only this machine can reach identity, and off elsewhere unless it is chosen."""

from typing import Any

import pytest

from tests.deploy.test_compose_images import services
from tests.support.kubernetes import EVERYTHING, rendered

CERTIFICATES = {
    "COMPOSE_FILE": "docker-compose.yml:deploy/tls.yml",
    "IDENTITY_NAME": "identity.example.com",
    "POSTS_NAME": "posts.example.com",
}


def settings_of(**variables: str) -> set[str]:
    """What identity and its set-up get as this setting, from compose with these variables."""
    both: Any = services(**variables)
    return {both[name]["environment"]["IDENTITY_PASSWORD_GRANT"] for name in ("identity", "identity-setup")}


@pytest.mark.parametrize(
    ("variables", "default"),
    [({}, "true"), ({"IDENTITY_URL": "https://identity.example.com"}, "false"), (CERTIFICATES, "false")],
    ids=["localhost", "another proxy", "certificates"],
)
def test_containers_offer_it_on_localhost_and_elsewhere_if_it_is_chosen(
    variables: dict[str, str], default: str
) -> None:
    assert settings_of(**variables) == {default}
    for choice in ("true", "false"):
        assert settings_of(**variables, PASSWORD_GRANT=choice) == {choice}


@pytest.mark.parametrize("name", EVERYTHING)
def test_no_manifest_switches_it_on(name: str) -> None:
    for config in rendered(name).of("ConfigMap"):
        assert "IDENTITY_PASSWORD_GRANT" not in config["data"]
