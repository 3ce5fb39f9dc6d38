"""The manifests match the official schemas, fit together, and make pods that start, serve and stop as designed."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest

from tests.support.kubernetes import DEPLOY, EVERYTHING, NAMESPACE, Manifests, Workload, render, rendered, selects
from watchword.service.process import SHUTDOWN_SECONDS

each = pytest.mark.parametrize("name", EVERYTHING)
# The first version with `preStop.sleep`, and the newest that has schemas.
VERSIONS = ("1.30", kubernetes_validate.latest_version())
SPARE_SECONDS = 5


@pytest.mark.parametrize("version", VERSIONS)
def test_every_document_fits_the_official_schema(version: str) -> None:
    # Many documents are the same in all three, and each is validated once.
    distinct = {repr(document): document for name in EVERYTHING for document in rendered(name).documents}
    for document in distinct.values():
        kubernetes_validate.validate(document, version, strict=True)


def test_a_misspelt_field_is_refused() -> None:
    document = rendered("base").copy().named("Deployment", "posts")
    document["spec"]["template"]["spec"]["terminationGracePeriod"] = 30
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(document, VERSIONS[-1], strict=True)


@each
def test_everything_is_in_the_namespace_whose_pods_are_restricted(name: str) -> None:
    manifests = rendered(name)
    (namespace,) = manifests.of("Namespace")
    assert namespace["metadata"]["name"] == NAMESPACE
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    others = [document for document in manifests.documents if document["kind"] != "Namespace"]
    assert {document["metadata"]["namespace"] for document in others} == {NAMESPACE}


def dangling(manifests: Manifests) -> list[str]:
    """List the references to documents that do not exist."""
    missing = []
    for workload in manifests.workloads():
        named = {("ServiceAccount", workload.pod["serviceAccountName"])}
        for container in workload.containers:
            named |= {("ConfigMap", source["configMapRef"]["name"]) for source in container.get("envFrom", [])}
            references = [variable["valueFrom"] for variable in container.get("env", []) if "valueFrom" in variable]
            named |= {("ConfigMap", reference["configMapKeyRef"]["name"]) for reference in references}
        named |= {
            ("ConfigMap", volume["configMap"]["name"]) for volume in workload.pod["volumes"] if "configMap" in volume
        }
        missing += [f"{workload}: no {kind} {name}" for kind, name in named if name not in manifests.names(kind)]
    for scaler in manifests.of("HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]
        if target["name"] not in manifests.names(target["kind"]):
            missing.append(f"nothing to scale named {target['name']}")
    return missing


def wrong_selectors(manifests: Manifests) -> list[str]:
    """List the selectors that select anything but the pods of the Deployment or StatefulSet with their name."""
    selectors = [(it["metadata"]["name"], {"matchLabels": it["spec"]["selector"]}) for it in manifests.of("Service")]
    selectors += [(it["metadata"]["name"], it["spec"]["selector"]) for it in manifests.of("PodDisruptionBudget")]
    selectors += [(it["metadata"]["name"], it["spec"]["selector"]) for it in manifests.of("Deployment")]
    return [
        f"{name} selects {[str(workload) for workload in selected]}"
        for name, selector in selectors
        for selected in [[workload for workload in manifests.workloads() if selects(selector, workload.labels)]]
        if [workload.name for workload in selected] != [name] or selected[0].kind == "Job"
    ]


@each
def test_every_reference_exists(name: str) -> None:
    assert dangling(rendered(name)) == []
    assert wrong_selectors(rendered(name)) == []


def test_a_selector_that_also_selects_a_job_is_detected() -> None:
    broken = rendered("base").copy()
    del broken.named("Service", "identity")["spec"]["selector"]["app.kubernetes.io/component"]
    broken.named("HorizontalPodAutoscaler", "posts")["spec"]["scaleTargetRef"]["name"] = "post"
    assert len(wrong_selectors(broken)) == len(dangling(broken)) == 1


@each
def test_each_service_has_a_budget_and_an_autoscaler(name: str) -> None:
    manifests = rendered(name)
    assert manifests.names("Deployment") == {"identity", "posts"}
    for kind in ("PodDisruptionBudget", "HorizontalPodAutoscaler"):
        assert manifests.names(kind) == manifests.names("Deployment")
    least = {scaler["spec"]["minReplicas"] for scaler in manifests.of("HorizontalPodAutoscaler")}
    assert least == ({1} if name == "overlays/development" else {2})
    assert all("replicas" not in deployment["spec"] for deployment in manifests.of("Deployment"))


def problems_of(workload: Workload) -> list[str]:
    """List what keeps a pod from being started, probed, spread and stopped as designed."""
    (container,) = workload.containers
    (port,) = container["ports"]
    paths = {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}
    problems = [
        probe
        for probe, path in paths.items()
        if container.get(probe, {}).get("httpGet") != {"path": path, "port": port["name"]}
    ]
    pause = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    if not 0 < pause <= workload.pod["terminationGracePeriodSeconds"] - SHUTDOWN_SECONDS - SPARE_SECONDS:
        problems.append("no time to drain")
    spread = {constraint["topologyKey"] for constraint in workload.pod["topologySpreadConstraints"]}
    if spread != {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}:
        problems.append("not spread")
    if not all(selects(it["labelSelector"], workload.labels) for it in workload.pod["topologySpreadConstraints"]):
        problems.append("spread over other pods")
    if set(container["resources"]["limits"]) != {"memory"} or set(container["resources"]["requests"]) != {
        "cpu",
        "memory",
    }:
        problems.append("resources")
    return problems


@each
def test_services_are_probed_spread_and_drained(name: str) -> None:
    assert {str(it): problems_of(it) for it in rendered(name).workloads("Deployment")} == {
        "Deployment identity": [],
        "Deployment posts": [],
    }


BROKEN: dict[str, Callable[[Any, Any], object]] = {
    "no readiness": lambda pod, container: container.pop("readinessProbe"),
    "liveness asks the database": lambda pod, container: container["livenessProbe"]["httpGet"].update(path="/readyz"),
    "no pause": lambda pod, container: container.pop("lifecycle"),
    "killed while draining": lambda pod, container: pod.update(terminationGracePeriodSeconds=SHUTDOWN_SECONDS),
    "on one node": lambda pod, container: pod["topologySpreadConstraints"].pop(0),
    "a limit for the CPU": lambda pod, container: container["resources"]["limits"].update(cpu="1"),
}


@pytest.mark.parametrize("break_it", BROKEN.values(), ids=BROKEN)
def test_a_service_that_is_not_is_detected(break_it: Callable[[Any, Any], object]) -> None:
    workload = next(rendered("base").copy().workloads("Deployment"))
    break_it(workload.pod, workload.containers[0])
    assert len(problems_of(workload)) == 1


@each
def test_a_rollout_stops_no_pod_before_another_is_ready(name: str) -> None:
    for deployment in rendered(name).of("Deployment"):
        assert deployment["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}


def test_everything_runs_one_image_with_one_tag() -> None:
    for name, tag in (("overlays/development", "development"), ("overlays/production", "v0-1-0")):
        images = {it["image"] for workload in rendered(name).workloads() for it in workload.containers}
        assert images - {"postgres:18-trixie"} == {f"watchword:{tag}"}


def test_a_new_tag_makes_new_jobs_and_updates_the_same_deployments(tmp_path: Path) -> None:
    shutil.copytree(DEPLOY, tmp_path / "deploy")
    overlay = tmp_path / "deploy" / "kubernetes" / "overlays" / "production"
    kustomization = overlay / "kustomization.yaml"
    newer = "newName: elsewhere:5000/team/watchword\n    newTag: v0-2-0"
    kustomization.write_text(kustomization.read_text().replace("newTag: v0-1-0", newer))
    before, after = rendered("overlays/production"), render(overlay)
    jobs = ("identity-migrate", "identity-setup", "posts-migrate")
    assert before.names("Job") == {f"{job}-v0-1-0" for job in jobs}
    assert after.names("Job") == {f"{job}-v0-2-0" for job in jobs}
    assert before.names("Deployment") == after.names("Deployment")
    assert {document["spec"].get("ttlSecondsAfterFinished") for document in after.of("Job")} == {3600}


@each
def test_the_migrations_can_be_applied_before_everything_else(name: str) -> None:
    label = "app.kubernetes.io/component"
    first = [it for it in rendered(name).documents if it["metadata"].get("labels", {}).get(label) == "migrate"]
    assert [it["kind"] for it in first] == ["Job", "Job"]
    assert all("migrate" in it["spec"]["template"]["spec"]["containers"][0]["command"] for it in first)
