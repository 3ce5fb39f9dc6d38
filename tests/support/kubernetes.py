"""deploy/kubernetes as a cluster would get it: rendered by kubectl, and read as plain documents."""

import copy
import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.support.needed import need

Manifest = dict[str, Any]

DEPLOY = Path(__file__).parents[2] / "deploy"
NAMESPACE = "watchword"
OVERLAYS = ("overlays/development", "overlays/production")
EVERYTHING = ("base", *OVERLAYS)
# The first with kustomize 5: Debian 12 has an older one.
OLDEST_KUBECTL = (1, 27)


@dataclass(frozen=True, slots=True)
class Workload:
    """Something that makes pods, and what these pods are."""

    kind: str
    name: str
    labels: dict[str, str]
    pod: Manifest

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def component(self) -> str:
        return self.labels.get("app.kubernetes.io/component", "")

    @property
    def containers(self) -> list[Manifest]:
        return [*self.pod.get("initContainers", []), *self.pod["containers"]]


@dataclass(frozen=True, slots=True)
class Manifests:
    documents: list[Manifest]

    def copy(self) -> "Manifests":
        """For a test that spoils something."""
        return Manifests(copy.deepcopy(self.documents))

    def of(self, kind: str) -> list[Manifest]:
        return [document for document in self.documents if document["kind"] == kind]

    def named(self, kind: str, name: str) -> Manifest:
        return next(document for document in self.of(kind) if document["metadata"]["name"] == name)

    def names(self, kind: str) -> set[str]:
        return {document["metadata"]["name"] for document in self.of(kind)}

    def workloads(self, *kinds: str) -> Iterator[Workload]:
        for kind in kinds or ("Deployment", "Job", "StatefulSet"):
            for document in self.of(kind):
                template = document["spec"]["template"]
                yield Workload(kind, document["metadata"]["name"], template["metadata"]["labels"], template["spec"])


@cache
def rendered(name: str) -> Manifests:
    """`name` is a folder in deploy/kubernetes; rendered once in a run, so whoever changes something takes a copy."""
    return render(DEPLOY / "kubernetes" / name)


def render(folder: Path) -> Manifests:
    ensure_kubectl()
    outcome = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stderr == "", "kustomize warns"
    documents = [document for document in yaml.safe_load_all(outcome.stdout) if document]
    assert documents, "an empty rendering proves nothing"
    return Manifests(documents)


def ensure_kubectl() -> None:
    """Where there is none, or one too old, the test is skipped with one line; with CI=true that is an error."""
    lacking = _lacking()
    need(lacking is None, str(lacking))


@cache
def _lacking() -> str | None:
    wanted = ".".join(map(str, OLDEST_KUBECTL))
    if shutil.which("kubectl") is None:
        return f"no kubectl on this machine, {wanted} or newer is needed; on Debian 13: apt install kubernetes-client"
    command = ["kubectl", "version", "--client", "--output=json"]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    major, minor = found["clientVersion"]["major"], found["clientVersion"]["minor"]
    if (int(major), int(minor.rstrip("+"))) < OLDEST_KUBECTL:
        return f"kubectl {major}.{minor} on this machine; {wanted} or newer is needed"
    return None


def selects(selector: Manifest, labels: dict[str, str]) -> bool:
    """Whether a label selector, as policies and budgets have them, means a pod of these labels."""
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    for expression in selector.get("matchExpressions", []):
        assert expression["operator"] == "In", "only In is used, and understood here"
        if labels.get(expression["key"]) not in expression["values"]:
            return False
    return True
