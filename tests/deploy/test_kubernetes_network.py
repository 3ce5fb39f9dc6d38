"""Who reaches whom: the network policies, judged as Kubernetes judges them, for every pair of peers."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

import pytest

from tests.support.kubernetes import EVERYTHING, NAMESPACE, OVERLAYS, Manifest, Manifests, rendered, selects

PORTS = (53, 443, 5432, 8001, 8002)
NAMESPACE_NAME = "kubernetes.io/metadata.name"

Way = tuple[str, str, int]


@dataclass(frozen=True)
class Peer:
    """A pod, or with an address something outside of the cluster."""

    name: str
    namespace: str = NAMESPACE
    labels: dict[str, str] = field(default_factory=dict)
    address: str | None = None


CONTROLLER = Peer("controller", "traefik", {"app.kubernetes.io/name": "traefik"})
PROMETHEUS = Peer("prometheus", "monitoring", {"app.kubernetes.io/name": "prometheus"})
DNS = Peer("dns", "kube-system", {"k8s-app": "kube-dns"})
STRANGERS = (
    Peer("neighbour", NAMESPACE, {"app.kubernetes.io/name": "neighbour"}),
    # Labels are anybody's to choose; the namespace is not.
    Peer("impostor", "elsewhere", {"app.kubernetes.io/name": "posts", "app.kubernetes.io/component": "service"}),
    Peer("outside", address="203.0.113.7"),
)
DATABASES = (Peer("identity-database", address="192.0.2.10"), Peer("posts-database", address="192.0.2.20"))


def peers(manifests: Manifests) -> list[Peer]:
    ours = [Peer(workload.name.removesuffix("-v0-1-0"), labels=workload.labels) for workload in manifests.workloads()]
    return [*ours, CONTROLLER, PROMETHEUS, DNS, *STRANGERS, *DATABASES]


def allows(manifests: Manifests, source: Peer, target: Peer, port: int) -> bool:
    return _one_way(manifests, "Egress", source, target, port) and _one_way(manifests, "Ingress", target, source, port)


def _one_way(manifests: Manifests, direction: str, ours: Peer, other: Peer, port: int) -> bool:
    """Whether the policies that hold for `ours` let it send to, or hear from, `other`; without any, everything goes."""
    if ours.address is not None or ours.namespace != NAMESPACE:
        return True
    holding = [policy["spec"] for policy in manifests.of("NetworkPolicy") if _holds(policy["spec"], direction, ours)]
    rules: list[Manifest] = [rule for policy in holding for rule in policy.get(direction.lower(), [])]
    ends = "to" if direction == "Egress" else "from"
    return not holding or any(
        port in {listed["port"] for listed in rule["ports"]} and any(_is_meant(end, other) for end in rule[ends])
        for rule in rules
    )


def _holds(policy: Manifest, direction: str, peer: Peer) -> bool:
    return direction in policy["policyTypes"] and selects(policy["podSelector"], peer.labels)


def _is_meant(end: Manifest, peer: Peer) -> bool:
    if "ipBlock" in end:
        return peer.address is not None and ip_address(peer.address) in ip_network(end["ipBlock"]["cidr"])
    if peer.address is not None:
        return False
    in_namespace = (
        selects(end["namespaceSelector"], {NAMESPACE_NAME: peer.namespace})
        if "namespaceSelector" in end
        else peer.namespace == NAMESPACE
    )
    return in_namespace and selects(end.get("podSelector", {}), peer.labels)


def ways(manifests: Manifests) -> set[Way]:
    """Every way that touches a pod of the namespace."""
    everybody = peers(manifests)
    return {
        (source.name, target.name, port)
        for source in everybody
        for target in everybody
        for port in PORTS
        if NAMESPACE in (_home(source), _home(target)) and source != target and allows(manifests, source, target, port)
    }


def _home(peer: Peer) -> str:
    return "" if peer.address is not None else peer.namespace


OURS = ("identity", "posts", "identity-migrate", "identity-setup", "posts-migrate")
ALWAYS: set[Way] = {
    ("controller", "identity", 8001),
    ("controller", "posts", 8002),
    ("prometheus", "identity", 8001),
    ("prometheus", "posts", 8002),
    ("posts", "identity", 8001),
    *((pod, "dns", 53) for pod in (*OURS, "neighbour")),
}
TO_DATABASES: dict[str, Iterable[Way]] = {
    "base": (),
    "overlays/development": (*((pod, "postgres", 5432) for pod in OURS), ("postgres", "dns", 53)),
    "overlays/production": ((pod, f"{pod.partition('-')[0]}-database", 5432) for pod in OURS),
}


@pytest.mark.parametrize("name", EVERYTHING)
def test_these_ways_are_open_and_no_others(name: str) -> None:
    assert ways(rendered(name)) == ALWAYS | set(TO_DATABASES[name])


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_policy_but_the_general_ones_means_a_pod_that_is_there(name: str) -> None:
    manifests = rendered(name)
    for policy in manifests.of("NetworkPolicy"):
        selector = policy["spec"]["podSelector"]
        assert any(selects(selector, workload.labels) for workload in manifests.workloads()), policy["metadata"]


def test_without_the_default_everything_would_be_open() -> None:
    spoilt = rendered("overlays/production").copy()
    spoilt.documents.remove(spoilt.named("NetworkPolicy", "default-deny"))
    more = ways(spoilt) - ways(rendered("overlays/production"))
    assert {("outside", "identity-migrate", 443), ("impostor", "neighbour", 8001)} <= more


def test_a_policy_that_forgets_the_namespace_lets_impostors_in() -> None:
    spoilt = rendered("overlays/production").copy()
    ends = spoilt.named("NetworkPolicy", "identity")["spec"]["ingress"][0]["from"]
    ends[2]["namespaceSelector"] = {}
    assert ways(spoilt) - ways(rendered("overlays/production")) == {("impostor", "identity", 8001)}
