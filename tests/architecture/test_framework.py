"""Private names of other packages are used in two files only, because any upgrade may take them away."""

import ast
from collections.abc import Iterator

from tests.architecture.code import PRODUCT, modules, names

# For FastAPI with Starlette, and for uvicorn.
ALLOWED = {"shared/watchword/http/_framework.py", "shared/watchword/service/_server.py"}
# Methods of named tuples, which begin with an underscore only to leave the fields their names.
DOCUMENTED = ("_asdict", "_fields", "_make", "_replace")
OURS = ("identity_service", "posts_service", "watchword", "deploy", "examples")


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def private_imports(tree: ast.AST) -> Iterator[str]:
    """Imports of private modules, and of private names, from packages of others."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module), level=0):
                imported = [f"{module}.{alias.name}" for alias in node.names]
            case ast.Import():
                imported = [alias.name for alias in node.names]
            case _:
                continue
        for name in imported:
            package, *parts = name.split(".")
            if package not in OURS and any(map(is_private, parts)):
                yield name


def private_attributes(tree: ast.AST, defined: set[str]) -> Iterator[str]:
    """Private attributes that are read, directly or by `getattr`, although no code of ours defines such a name."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name):
                pass
            case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=str(name)), *_]):
                pass
            case _:
                continue
        if is_private(name) and name not in defined and name not in DOCUMENTED:
            yield name


def offenders() -> dict[str, set[str]]:
    """The private names of others that each file uses."""
    trees = modules(PRODUCT)
    defined = {name for _, tree in trees for name, _ in names(tree)}
    uses = {path: {*private_imports(tree), *private_attributes(tree, defined)} for path, tree in trees}
    return {path: private for path, private in uses.items() if private}


def test_private_names_of_others_are_recognized() -> None:
    source = """
import starlette._utils
from starlette._utils import get_route_path
from fastapi.routing import APIRoute, _merge
from watchword.http._framework import get_route_path
app.router._iter_low_priority_routes()
getattr(app, "_state", None)
self._ours, self.__class__, app.public
"""
    tree = ast.parse(source)
    assert list(private_imports(tree)) == [
        "starlette._utils",
        "starlette._utils.get_route_path",
        "fastapi.routing._merge",
    ]
    assert set(private_attributes(tree, {"_ours"})) == {"_iter_low_priority_routes", "_state"}


def test_private_names_of_others_are_used_in_two_files() -> None:
    assert offenders().keys() <= ALLOWED
