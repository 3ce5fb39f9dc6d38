"""The manifests in deploy/kubernetes, rendered by kubectl and parsed."""

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
# The first version with kustomize 5; Debian 12 has an older one.
OLDEST_KUBECTL = (1, 27)


@dataclass(frozen=True, slots=True)
class Workload:
    """A manifest that creates pods, with the labels and the specification of these pods."""

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
        """A deep copy, for a test that changes a manifest."""
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
    """The manifests of a folder of deploy/kubernetes, rendered once in a run. Take a copy before changing one."""
    return render(DEPLOY / "kubernetes" / name)


def render(folder: Path) -> Manifests:
    ensure_kubectl()
    outcome = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stderr == "", "kustomize prints warnings"
    documents = [document for document in yaml.safe_load_all(outcome.stdout) if document]
    assert documents, "an empty rendering proves nothing"
    return Manifests(documents)


def ensure_kubectl() -> None:
    """Skip the test if kubectl is absent or too old; with CI=true that is an error."""
    problem = _kubectl_problem()
    need(problem is None, str(problem))


@cache
def _kubectl_problem() -> str | None:
    oldest = ".".join(map(str, OLDEST_KUBECTL))
    if shutil.which("kubectl") is None:
        return f"no kubectl on this machine, {oldest} or newer is needed; on Debian 13: apt install kubernetes-client"
    command = ["kubectl", "version", "--client", "--output=json"]
    versions = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    major, minor = versions["clientVersion"]["major"], versions["clientVersion"]["minor"]
    if (int(major), int(minor.rstrip("+"))) < OLDEST_KUBECTL:
        return f"kubectl {major}.{minor} on this machine; {oldest} or newer is needed"
    return None


def selects(selector: Manifest, labels: dict[str, str]) -> bool:
    """Whether a label selector of a network policy or a disruption budget matches a pod with these labels."""
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    for expression in selector.get("matchExpressions", []):
        assert expression["operator"] == "In", "this function implements the operator In only"
        if labels.get(expression["key"]) not in expression["values"]:
            return False
    return True
