"""The project's own Python code, read as syntax trees."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("identity_service", "posts_service", "shared/watchword", "deploy", "examples")
EVERYTHING = (*PRODUCT, "docs", "tests")

AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Function:
    """One function or method, with the place where it stands."""

    place: str
    node: AnyFunction
    is_method: bool

    @property
    def lines(self) -> int:
        """From `def` to the last line, without decorators and docstring."""
        body = self.node.body
        docstring = body[0] if ast.get_docstring(self.node, clean=False) is not None else None
        total = (self.node.end_lineno or 0) - self.node.lineno + 1
        return total - ((docstring.end_lineno or 0) - docstring.lineno + 1 if docstring is not None else 0)

    @property
    def positional(self) -> list[str]:
        """The parameters that may be given by position, without `self` and `cls`."""
        names = [parameter.arg for parameter in (*self.node.args.posonlyargs, *self.node.args.args)]
        return names[1:] if self.is_method and names[:1] in (["self"], ["cls"]) else names

    @property
    def is_route(self) -> bool:
        """FastAPI calls it with keywords."""
        return any(
            "router." in ast.unparse(decorator) or "app." in ast.unparse(decorator)
            for decorator in self.node.decorator_list
        )


def modules(folders: tuple[str, ...]) -> Iterator[tuple[str, ast.Module]]:
    """Every module below these folders: its path from the root, and its syntax tree."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def functions(folders: tuple[str, ...]) -> Iterator[Function]:
    for path, tree in modules(folders):
        methods = {id(item) for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for item in node.body}
        for node in ast.walk(tree):
            if isinstance(node, AnyFunction):
                yield Function(f"{path}:{node.lineno} {node.name}", node, id(node) in methods)


def names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every name that the code gives to something: variables, parameters, attributes, functions, classes."""
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
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name, node.lineno
