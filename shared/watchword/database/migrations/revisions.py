"""The revisions that a folder of migrations has, read without Alembic.

A service reads them when it starts. Alembic would import every migration for that, and stay in memory for nothing.
"""

import ast
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_NAMES: Final = frozenset({"revision", "down_revision"})


def read_chain(folder: Path) -> Sequence[str] | None:
    """The revisions of these migrations, the newest first. None unless they are a single chain of string literals:
    Alembic has to read anything else."""
    successors: dict[str | None, str] = {}
    # Alembic ignores the same files.
    files = [path for path in folder.glob("*.py") if not path.name.startswith(("__init__", ".#"))]
    for path in files:
        literals = _literals(ast.parse(path.read_bytes()))
        revision, previous = literals.get("revision"), literals.get("down_revision")
        if not isinstance(revision, str) or not isinstance(previous, str | None) or "down_revision" not in literals:
            return None
        successors[previous] = revision
    chain: list[str] = []
    while (successor := successors.pop(chain[-1] if chain else None, None)) is not None:
        chain.append(successor)
    return chain[::-1] if len(chain) == len(files) else None


def _literals(module: ast.Module) -> dict[str, object]:
    """The constants that a migration gives to `revision` and `down_revision`; a value that is no constant is left
    out."""
    literals: dict[str, object] = {}
    for statement in module.body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(name)], value=ast.Constant(value))
                | ast.AnnAssign(target=ast.Name(name), value=ast.Constant(value))
            ) if name in _NAMES:
                literals[name] = value
    return literals
