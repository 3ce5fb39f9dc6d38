"""The project's own Python code, read as syntax trees."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("identity_service", "posts_service", "shared/watchword", "deploy", "examples")
EVERYTHING = (*PRODUCT, "docs", "tests")
ROUTE_DECORATORS = frozenset(
    {"get", "post", "put", "patch", "delete", "head", "options", "trace", "api_route", "websocket"}
)

AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Function:
    """One function or method of a file."""

    path: str
    node: AnyFunction
    is_method: bool

    @property
    def name(self) -> str:
        return f"{self.path} {self.node.name}"

    @property
    def lines(self) -> int:
        """The number of lines from `def` to the end, without decorators and docstring."""
        body = self.node.body
        docstring = body[0] if ast.get_docstring(self.node, clean=False) is not None else None
        total = (self.node.end_lineno or 0) - self.node.lineno + 1
        return total - ((docstring.end_lineno or 0) - docstring.lineno + 1 if docstring is not None else 0)

    @property
    def positional(self) -> list[str]:
        """The parameters that a caller may pass by position, without `self` and `cls`."""
        names = [parameter.arg for parameter in (*self.node.args.posonlyargs, *self.node.args.args)]
        return names[1:] if self.is_method and names[:1] in (["self"], ["cls"]) else names

    @property
    def is_route(self) -> bool:
        """Whether a decorator such as `@router.get(…)` hands the function to FastAPI, which calls it with keywords."""
        calls = [decorator.func for decorator in self.node.decorator_list if isinstance(decorator, ast.Call)]
        return any(isinstance(call, ast.Attribute) and call.attr in ROUTE_DECORATORS for call in calls)


@cache
def modules(folders: tuple[str, ...]) -> list[tuple[str, ast.Module]]:
    """Every module in these folders: its path from the root, and its syntax tree."""
    paths = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [(str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))) for path in paths]


def functions(folders: tuple[str, ...]) -> Iterator[Function]:
    for path, tree in modules(folders):
        methods = {id(item) for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for item in node.body}
        for node in ast.walk(tree):
            if isinstance(node, AnyFunction):
                yield Function(path, node, id(node) in methods)


def names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every name that the code defines, with its line: variables, parameters, attributes, functions, classes."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                yield name, node.lineno
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield name, node.lineno
            case ast.arg(arg=name):
                yield name, node.lineno
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, node.lineno
            case ast.alias(asname=str(name)):
                yield name, node.lineno
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.ExceptHandler(name=str(name)):
                yield name, node.lineno
