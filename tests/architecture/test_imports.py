"""Imports between folders run one way, and the library imports no service."""

import re
from collections import defaultdict
from collections.abc import Mapping

import grimp
import pytest

SERVICES = ("identity_service", "posts_service")
PACKAGES = (*SERVICES, "watchword")
# Routes, and the routers and parameters of a folder of routes, take their dependencies from the top of the service, and
# these take the objects that `parts` builds.
WIRING = ("dependencies", "parts")
WIRED = re.compile(r"\w+(\.\w+)*\.(\w*routes|\w+\.router|\w+\.dependencies)")

Edges = Mapping[str, set[str]]


def edges_of(package: str) -> Edges:
    """Which top-level folders and modules of the package import which others; wiring apart."""
    graph = grimp.build_graph(package, cache_dir=None)
    edges: dict[str, set[str]] = defaultdict(set)
    for importer in graph.modules - {package}:
        source = importer.split(".")[1]
        for imported in graph.find_modules_directly_imported_by(importer) - {package}:
            target = imported.split(".")[1]
            is_wiring = WIRED.fullmatch(importer) is not None and target in WIRING
            if source != target and not is_wiring:
                edges[source].add(target)
    return edges


def reachable(edges: Edges, start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        following = edges.get(waiting.pop(), set()) - seen
        seen |= following
        waiting += following
    return seen


def circles(edges: Edges) -> set[frozenset[str]]:
    """The strongly connected components with more than one member."""
    reach = {node: reachable(edges, node) for node in edges}
    return {
        frozenset(other for other in targets if node in reach.get(other, ()))
        for node, targets in reach.items()
        if node in targets
    }


def test_circles_are_found() -> None:
    edges = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "e": {"f"}, "f": {"g"}, "g": {"e"}}
    assert circles(edges) == {frozenset("bc"), frozenset("efg")}
    assert circles({"a": {"b", "c"}, "b": {"c"}}) == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_folders_of_a_package_import_each_other_in_no_circle(package: str) -> None:
    edges = edges_of(package)
    assert edges, "a package without imports proves nothing"
    assert circles(edges) == set()


def test_the_library_imports_no_service_and_no_service_another() -> None:
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    allowed = {("identity_service", "watchword"), ("posts_service", "watchword")}
    imports = {
        (importer.partition(".")[0], imported.partition(".")[0])
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
    }
    assert {(source, target) for source, target in imports if source != target} == allowed
