"""Where people open the pages of posts, if that is not where its API is: what both services get from compose."""

import pytest

from identity_service.settings import SetupSettings
from posts_service.settings import Settings
from tests.deploy.test_compose_images import services
from tests.shared.test_settings import IDENTITY, POSTS, clean_environment, refusal, set_all
from watchword.service.settings import EnvironmentSettings, load

__all__ = ["clean_environment"]

SECRETS = {"IDENTITY_POSTS_CLIENT_SECRET": POSTS["POSTS_CLIENT_SECRET"]}


@pytest.mark.parametrize(
    ("variables", "registered", "served"),
    [
        ({}, None, "http://localhost:8002"),
        ({"POSTS_URL": "https://posts.example"}, None, "https://posts.example"),
        (
            {"POSTS_URL": "http://posts.lan:8002", "POSTS_PAGES_ORIGIN": "https://blog.example"},
            *["https://blog.example"] * 2,
        ),
    ],
    ids=["on this machine", "at the origin of the audience", "at an origin of their own"],
)
def test_setup_and_posts_get_the_same_origin(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], registered: str | None, served: str
) -> None:
    containers = services(**variables)
    set_all(monkeypatch, IDENTITY | POSTS | SECRETS)
    for name in ("identity-setup", "posts"):
        set_all(monkeypatch, containers[name]["environment"])
    setup, posts = load(SetupSettings), load(Settings)
    assert (setup.posts_pages_origin, posts.pages_origin) == (registered, served)
    assert setup.posts_audience == posts.audience


@pytest.mark.parametrize(
    ("settings", "name"), [(SetupSettings, "IDENTITY_POSTS_PAGES_ORIGIN"), (Settings, "POSTS_PAGES_ORIGIN")]
)
def test_pages_over_http_on_another_machine_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], settings: type[EnvironmentSettings], name: str
) -> None:
    set_all(monkeypatch, {**IDENTITY, **POSTS, **SECRETS, "IDENTITY_POSTS_AUDIENCE": "https://posts.example"})
    monkeypatch.setenv(name, "http://posts.lan:8002")
    (wrong,) = refusal(settings, capsys)
    assert wrong.startswith(f"{name} is wrong: cookies of http://posts.lan:8002 could be read on their way")
