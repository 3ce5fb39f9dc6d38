"""Every pod meets the Pod Security Standard "restricted", which the namespace enforces, and some rules beyond it."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.kubernetes import EVERYTHING, Manifest, Workload, rendered

each = pytest.mark.parametrize("name", EVERYTHING)
# The kinds of volumes that are used, of those that the standard allows.
VOLUMES = {"configMap", "emptyDir", "projected", "secret"}


def unrestricted(workload: Workload) -> list[str]:
    """List the rules that the pod breaks: those of the standard, and those of this project."""
    broken = _broken_by_pod(workload.pod)
    for container in workload.containers:
        broken += _broken_by_container(container)
    return broken


def _broken_by_pod(pod: Manifest) -> list[str]:
    context = pod.get("securityContext", {})
    kinds = {kind for volume in pod["volumes"] for kind in volume if kind != "name"}
    rules = {
        "the node's namespaces": any(pod.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")),
        "may be root": context.get("runAsNonRoot") is not True,
        "no user": context.get("runAsUser", 0) == 0 or context.get("runAsGroup", 0) == 0,
        "seccomp": context.get("seccompProfile") != {"type": "RuntimeDefault"},
        "sysctls": "sysctls" in context,
        "volumes": not kinds <= VOLUMES,
        "a token for the API": pod.get("automountServiceAccountToken") is not False,
        # Service links would set IDENTITY_PORT and POSTS_PORT to something that is not a port.
        "service links": pod.get("enableServiceLinks") is not False,
        "the default account": pod.get("serviceAccountName", "default") == "default",
    }
    return [rule for rule, broken in rules.items() if broken]


def _broken_by_container(container: Manifest) -> list[str]:
    context = container.get("securityContext", {})
    overrides = {
        "privileged",
        "procMount",
        "runAsNonRoot",
        "runAsUser",
        "runAsGroup",
        "seccompProfile",
        "seLinuxOptions",
    }
    rules = {
        "escalation": context.get("allowPrivilegeEscalation") is not False,
        "a writable root": context.get("readOnlyRootFilesystem") is not True,
        "capabilities": context.get("capabilities") != {"drop": ["ALL"]},
        "overrides the pod": bool(overrides & context.keys()),
        "a port of the node": any("hostPort" in port for port in container.get("ports", [])),
        "no memory limit": "memory" not in container.get("resources", {}).get("limits", {}),
    }
    return [rule for rule, broken in rules.items() if broken]


@each
def test_every_pod_is_restricted(name: str) -> None:
    broken_rules = {str(workload): unrestricted(workload) for workload in rendered(name).workloads()}
    assert len(broken_rules) == (6 if name == "overlays/development" else 5)
    assert {workload: broken for workload, broken in broken_rules.items() if broken} == {}


BROKEN: dict[str, Callable[[Any, Any], object]] = {
    "the node's namespaces": lambda pod, _: pod.update(hostNetwork=True),
    "may be root": lambda pod, _: pod["securityContext"].pop("runAsNonRoot"),
    "no user": lambda pod, _: pod["securityContext"].update(runAsUser=0),
    "seccomp": lambda pod, _: pod["securityContext"].update(seccompProfile={"type": "Unconfined"}),
    "sysctls": lambda pod, _: pod["securityContext"].update(sysctls=[]),
    "volumes": lambda pod, _: pod["volumes"].append({"name": "node", "hostPath": {"path": "/"}}),
    "a token for the API": lambda pod, _: pod.pop("automountServiceAccountToken"),
    "service links": lambda pod, _: pod.pop("enableServiceLinks"),
    "the default account": lambda pod, _: pod.pop("serviceAccountName"),
    "escalation": lambda _, container: container["securityContext"].pop("allowPrivilegeEscalation"),
    "a writable root": lambda _, container: container["securityContext"].update(readOnlyRootFilesystem=False),
    "capabilities": lambda _, container: container["securityContext"]["capabilities"].update(add=["NET_RAW"]),
    "overrides the pod": lambda _, container: container["securityContext"].update(runAsUser=0),
    "a port of the node": lambda _, container: container.update(ports=[{"containerPort": 1, "hostPort": 1}]),
    "no memory limit": lambda _, container: container.pop("resources"),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_pod_that_breaks_a_rule_is_detected(rule: str) -> None:
    workload = next(rendered("base").copy().workloads("Job"))
    BROKEN[rule](workload.pod, workload.containers[0])
    assert unrestricted(workload) == [rule]


@each
def test_only_tmp_and_the_database_folders_are_writable(name: str) -> None:
    writable = {
        (workload.kind, mount["mountPath"])
        for workload in rendered(name).workloads()
        for container in workload.containers
        for mount in container["volumeMounts"]
        if not mount.get("readOnly")
    }
    postgres = {("StatefulSet", path) for path in ("/tmp", "/var/lib/postgresql", "/var/run/postgresql")}  # noqa: S108
    ours = {("Deployment", "/tmp"), ("Job", "/tmp")}  # noqa: S108
    assert writable == (ours | postgres if name == "overlays/development" else ours)
