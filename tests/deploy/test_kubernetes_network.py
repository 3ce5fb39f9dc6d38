"""The network policies, evaluated by Kubernetes' rules for every pair of peers: which connections are allowed."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

import pytest

from tests.support.kubernetes import EVERYTHING, NAMESPACE, OVERLAYS, Manifest, Manifests, rendered, selects

PORTS = (53, 443, 587, 5432, 8001, 8002)
NAMESPACE_NAME = "kubernetes.io/metadata.name"

Connection = tuple[str, str, int]


@dataclass(frozen=True)
class Peer:
    """A pod, or a host outside the cluster, which has an address."""

    name: str
    namespace: str = NAMESPACE
    labels: dict[str, str] = field(default_factory=dict)
    address: str | None = None


CONTROLLER = Peer("controller", "traefik", {"app.kubernetes.io/name": "traefik"})
PROMETHEUS = Peer("prometheus", "monitoring", {"app.kubernetes.io/name": "prometheus"})
DNS = Peer("dns", "kube-system", {"k8s-app": "kube-dns"})
STRANGERS = (
    Peer("neighbour", NAMESPACE, {"app.kubernetes.io/name": "neighbour"}),
    # Anybody can choose labels, but not the namespace.
    Peer("impostor", "elsewhere", {"app.kubernetes.io/name": "posts", "app.kubernetes.io/component": "service"}),
    Peer("outside", address="203.0.113.7"),
)
DATABASES = (Peer("identity-database", address="192.0.2.10"), Peer("posts-database", address="192.0.2.20"))
MAIL_SERVER = Peer("mail-server", address="192.0.2.30")


def peers(manifests: Manifests) -> list[Peer]:
    ours = [Peer(workload.name.removesuffix("-v0-1-0"), labels=workload.labels) for workload in manifests.workloads()]
    return [*ours, CONTROLLER, PROMETHEUS, DNS, *STRANGERS, *DATABASES, MAIL_SERVER]


def allows(manifests: Manifests, source: Peer, target: Peer, port: int) -> bool:
    return _one_way(manifests, "Egress", source, target, port) and _one_way(manifests, "Ingress", target, source, port)


def _one_way(manifests: Manifests, direction: str, ours: Peer, other: Peer, port: int) -> bool:
    """Return whether the policies on `ours` allow traffic to or from `other`; without a policy all is allowed."""
    if ours.address is not None or ours.namespace != NAMESPACE:
        return True
    policies = [policy["spec"] for policy in manifests.of("NetworkPolicy") if _applies(policy["spec"], direction, ours)]
    rules: list[Manifest] = [rule for policy in policies for rule in policy.get(direction.lower(), [])]
    ends = "to" if direction == "Egress" else "from"
    return not policies or any(
        port in {listed["port"] for listed in rule["ports"]} and any(_selects(end, other) for end in rule[ends])
        for rule in rules
    )


def _applies(policy: Manifest, direction: str, peer: Peer) -> bool:
    return direction in policy["policyTypes"] and selects(policy["podSelector"], peer.labels)


def _selects(end: Manifest, peer: Peer) -> bool:
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


def connections(manifests: Manifests) -> set[Connection]:
    """Every allowed connection from or to a pod of the namespace."""
    everybody = peers(manifests)
    return {
        (source.name, target.name, port)
        for source in everybody
        for target in everybody
        for port in PORTS
        if NAMESPACE in (_namespace(source), _namespace(target))
        and source != target
        and allows(manifests, source, target, port)
    }


def _namespace(peer: Peer) -> str:
    return "" if peer.address is not None else peer.namespace


OURS = ("identity", "posts", "identity-migrate", "identity-setup", "posts-migrate")
ALWAYS: set[Connection] = {
    ("controller", "identity", 8001),
    ("controller", "posts", 8002),
    ("prometheus", "identity", 8001),
    ("prometheus", "posts", 8002),
    ("posts", "identity", 8001),
    *((pod, "dns", 53) for pod in (*OURS, "neighbour")),
}
OF_OVERLAY: dict[str, Iterable[Connection]] = {
    "base": (),
    "overlays/development": (*((pod, "postgres", 5432) for pod in OURS), ("postgres", "dns", 53)),
    "overlays/production": (
        *((pod, f"{pod.partition('-')[0]}-database", 5432) for pod in OURS),
        ("identity", "mail-server", 587),
    ),
}


@pytest.mark.parametrize("name", EVERYTHING)
def test_these_connections_are_allowed_and_no_others(name: str) -> None:
    assert connections(rendered(name)) == ALWAYS | set(OF_OVERLAY[name])


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_policy_selects_a_pod_that_exists(name: str) -> None:
    manifests = rendered(name)
    for policy in manifests.of("NetworkPolicy"):
        selector = policy["spec"]["podSelector"]
        assert any(selects(selector, workload.labels) for workload in manifests.workloads()), policy["metadata"]


def test_without_the_default_policy_everything_would_be_allowed() -> None:
    broken = rendered("overlays/production").copy()
    broken.documents.remove(broken.named("NetworkPolicy", "default-deny"))
    more = connections(broken) - connections(rendered("overlays/production"))
    assert {("outside", "identity-migrate", 443), ("impostor", "neighbour", 8001)} <= more


def test_a_policy_that_forgets_the_namespace_lets_impostors_in() -> None:
    broken = rendered("overlays/production").copy()
    ends = broken.named("NetworkPolicy", "identity")["spec"]["ingress"][0]["from"]
    ends[2]["namespaceSelector"] = {}
    assert connections(broken) - connections(rendered("overlays/production")) == {("impostor", "identity", 8001)}
