"""Each container gets the settings that its command needs and no others, and its secrets as files from Secrets."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import identity_service.settings
import posts_service.settings
from deploy.kubernetes.development_secrets import secret_list
from tests.support.kubernetes import EVERYTHING, OVERLAYS, Manifest, Manifests, Workload, rendered
from watchword.service.settings import SECRETS_FOLDER, EnvironmentSettings, load

NEEDED: dict[tuple[str, str], tuple[type[EnvironmentSettings], ...]] = {
    ("identity_service", "serve"): (identity_service.settings.Settings,),
    ("identity_service", "migrate"): (identity_service.settings.IdentityMigrationSettings,),
    ("identity_service", "setup"): (identity_service.settings.Settings, identity_service.settings.SetupSettings),
    ("posts_service", "serve"): (posts_service.settings.Settings,),
    ("posts_service", "migrate"): (posts_service.settings.PostsMigrationSettings,),
}
SECRET_FILES = {
    ("identity_service", "serve"): {"IDENTITY_DATABASE_URL", "IDENTITY_KEY_ENCRYPTION_KEY"},
    ("identity_service", "migrate"): {"IDENTITY_MIGRATION_DATABASE_URL"},
    ("identity_service", "setup"): {
        "IDENTITY_DATABASE_URL",
        "IDENTITY_KEY_ENCRYPTION_KEY",
        "IDENTITY_POSTS_CLIENT_SECRET",
    },
    ("posts_service", "serve"): {"POSTS_DATABASE_URL", "POSTS_CLIENT_SECRET", "POSTS_PAGES_SEALING_KEY"},
    ("posts_service", "migrate"): {"POSTS_MIGRATION_DATABASE_URL"},
}
IN_A_SECRET = re.compile("_DATABASE_URL|_KEY|_SECRET|_PASSWORD")
READABLE_BY_GROUP_ONLY = 0o440

each = pytest.mark.parametrize("name", EVERYTHING)
each_overlay = pytest.mark.parametrize("name", OVERLAYS)


@dataclass(frozen=True)
class ContainerSettings:
    """The settings of one container: variables, and for each secret file the name of the Secret and its key."""

    command: tuple[str, str]
    variables: dict[str, str]
    files: dict[str, tuple[str, str]]

    @property
    def settings(self) -> tuple[type[EnvironmentSettings], ...]:
        return NEEDED[self.command]


def settings_in(manifests: Manifests) -> list[ContainerSettings]:
    return [_settings_of(manifests, workload) for workload in manifests.workloads("Deployment", "Job")]


def _settings_of(manifests: Manifests, workload: Workload) -> ContainerSettings:
    (container,) = workload.containers
    python, dash_m, module, command = container["command"]
    assert (python, dash_m) == ("python", "-m")
    variables: dict[str, str] = {}
    for source in container.get("envFrom", []):
        variables |= manifests.named("ConfigMap", source["configMapRef"]["name"])["data"]
    for variable in container.get("env", []):
        reference = variable["valueFrom"]["configMapKeyRef"]
        data = manifests.named("ConfigMap", reference["name"])["data"]
        # The base leaves the public URLs to the overlays.
        variables |= {variable["name"]: data[reference["key"]]} if reference["key"] in data else {}
    return ContainerSettings((module, command), variables, _files(workload.pod, container))


def _files(pod: Manifest, container: Manifest) -> dict[str, tuple[str, str]]:
    (mounted,) = [mount["name"] for mount in container["volumeMounts"] if mount["mountPath"] == SECRETS_FOLDER]
    (volume,) = [volume["projected"] for volume in pod["volumes"] if volume["name"] == mounted]
    assert volume["defaultMode"] == READABLE_BY_GROUP_ONLY
    # An optional one may be missing: the account at a mail server that asks for none.
    secrets = [source["secret"] for source in volume["sources"] if not source["secret"].get("optional")]
    return {item["path"]: (secret["name"], item["key"]) for secret in secrets for item in secret["items"]}


def variables_of(settings: tuple[type[EnvironmentSettings], ...], *, required: bool = False) -> set[str]:
    return {
        f"{container.model_config.get('env_prefix', '')}{field}".upper()
        for container in settings
        for field, info in container.model_fields.items()
        if info.is_required() or not required
    }


@each
def test_every_variable_of_a_container_is_a_setting_of_its_command(name: str) -> None:
    containers = settings_in(rendered(name))
    assert {container.command for container in containers} == NEEDED.keys()
    for container in containers:
        assert container.variables.keys() | container.files.keys() <= variables_of(container.settings), (
            container.command
        )


@each_overlay
def test_every_required_setting_is_set_once(name: str) -> None:
    for container in settings_in(rendered(name)):
        assert variables_of(container.settings, required=True) <= container.variables.keys() | container.files.keys(), (
            container.command
        )
        assert not container.variables.keys() & container.files.keys(), container.command


@each
def test_each_command_gets_its_own_secrets_as_files_and_no_others(name: str) -> None:
    assert {container.command: set(container.files) for container in settings_in(rendered(name))} == SECRET_FILES
    for container in settings_in(rendered(name)):
        assert not [variable for variable in container.variables if IN_A_SECRET.search(variable)], container.command


@each
def test_only_the_migrations_get_the_owners_database_url(name: str) -> None:
    for container in settings_in(rendered(name)):
        owners = {secret for secret, _ in container.files.values() if secret.endswith("-migration")}
        assert bool(owners) == (container.command[1] == "migrate"), container.command


@each
def test_no_secret_is_in_the_manifests(name: str) -> None:
    manifests = rendered(name)
    assert manifests.of("Secret") == []
    for workload in manifests.workloads():
        text = repr(workload.pod)
        assert "secretKeyRef" not in text
        assert "secretRef" not in text
    for config in manifests.of("ConfigMap"):
        assert not [key for key in config["data"] if IN_A_SECRET.search(key)]


@each_overlay
def test_both_services_agree_on_issuer_audience_and_the_clients_secret(name: str) -> None:
    by_command = {container.command: container for container in settings_in(rendered(name))}
    identity, posts = by_command["identity_service", "serve"], by_command["posts_service", "serve"]
    setup = by_command["identity_service", "setup"]
    assert posts.variables["POSTS_ISSUER"] == identity.variables["IDENTITY_ISSUER"]
    assert posts.variables["POSTS_AUDIENCE"] == setup.variables["IDENTITY_POSTS_AUDIENCE"]
    assert posts.files["POSTS_CLIENT_SECRET"] == setup.files["IDENTITY_POSTS_CLIENT_SECRET"]


@each_overlay
def test_the_origin_of_the_pages_is_set_once_and_may_be_left_out(name: str) -> None:
    manifests = rendered(name).copy()
    (setup,) = (each for each in manifests.workloads("Job") if "setup" in each.containers[0]["command"])
    by_name = {each["name"]: each["valueFrom"]["configMapKeyRef"] for each in setup.containers[0]["env"]}
    reference = by_name["IDENTITY_POSTS_PAGES_ORIGIN"]
    assert reference["optional"] is True
    assert not any("PAGES_ORIGIN" in variable for own in settings_in(manifests) for variable in own.variables)
    manifests.named("ConfigMap", reference["name"])["data"]["POSTS_PAGES_ORIGIN"] = "https://blog.example"
    by_command = {container.command: container.variables for container in settings_in(manifests)}
    assert by_command["posts_service", "serve"]["POSTS_PAGES_ORIGIN"] == "https://blog.example"
    assert by_command["identity_service", "setup"]["IDENTITY_POSTS_PAGES_ORIGIN"] == "https://blog.example"


def write_projected_volume(folder: Path, values: Mapping[str, str]) -> None:
    """Lay out a projected volume: each file is a link into a folder that is replaced as a whole."""
    (folder / "..2026").mkdir(parents=True)
    (folder / "..data").symlink_to("..2026")
    for name, value in values.items():
        (folder / "..2026" / name).write_text(value)
        (folder / name).symlink_to(f"..data/{name}")


@each_overlay
@pytest.mark.parametrize("command", NEEDED, ids=" ".join)
def test_the_settings_load(
    name: str, command: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (container,) = [container for container in settings_in(rendered(name)) if container.command == command]
    secrets = {secret["metadata"]["name"]: secret["stringData"] for secret in secret_list()["items"]}
    write_projected_volume(
        tmp_path / "secrets", {path: secrets[secret][key] for path, (secret, key) in container.files.items()}
    )
    monkeypatch.setenv("WATCHWORD_SECRETS_FOLDER", str(tmp_path / "secrets"))
    for variable, value in container.variables.items():
        monkeypatch.setenv(variable, value)
    loaded = [load(settings) for settings in container.settings]
    assert [type(settings) for settings in loaded] == list(container.settings)


def test_the_development_secrets_are_those_that_the_overlay_names() -> None:
    manifests = rendered("overlays/development")
    (postgres,) = manifests.workloads("StatefulSet")
    files = _files(postgres.pod, postgres.containers[0])
    named = {key for container in settings_in(manifests) for key in container.files.values()} | set(files.values())
    assert named == {(it["metadata"]["name"], key) for it in secret_list()["items"] for key in it["stringData"]}


def test_the_development_database_gets_the_secrets_that_create_its_roles() -> None:
    manifests = rendered("overlays/development")
    (postgres,) = manifests.workloads("StatefulSet")
    (config,) = [config["data"] for config in manifests.of("ConfigMap") if "roles.sh" in config["data"]]
    read = set(re.findall(r"(?:read_secret|password_in) ([A-Z_]+)", config["roles.sh"]))
    assert len(read) == 5
    assert read == _files(postgres.pod, postgres.containers[0]).keys()


def test_a_service_that_gets_the_owners_secret_is_detected() -> None:
    broken: Any = rendered("base").copy()
    volumes = broken.named("Deployment", "posts")["spec"]["template"]["spec"]["volumes"]
    (volume,) = [volume["projected"] for volume in volumes if volume["name"] == "secrets"]
    key = "POSTS_MIGRATION_DATABASE_URL"
    volume["sources"].append({"secret": {"name": "posts-migration", "items": [{"key": key, "path": key}]}})
    (container,) = [container for container in settings_in(broken) if container.command == ("posts_service", "serve")]
    assert set(container.files) - SECRET_FILES[container.command] == {key}
    assert container.files.keys() - variables_of(container.settings) == {key}


def test_ports_are_those_that_the_services_listen_on() -> None:
    for service, settings in (("identity", identity_service.settings), ("posts", posts_service.settings)):
        listens: Any = settings.Settings.model_fields["port"].default
        manifests = rendered("base")
        (container,) = manifests.named("Deployment", service)["spec"]["template"]["spec"]["containers"]
        assert container["ports"] == [{"name": "http", "containerPort": listens}]
        (port,) = manifests.named("Service", service)["spec"]["ports"]
        assert (port["port"], port["targetPort"]) == (listens, "http")
