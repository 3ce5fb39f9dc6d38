"""A TypeScript client, generated from both documents, compiles strictly and does the main job."""

import shutil
from pathlib import Path

from tests.openapi.conftest import SERVICES, run
from tests.support.services import unique
from tests.support.stack import Stack

SOURCES = Path(__file__).parent / "typescript"


def test_a_generated_typescript_client_compiles_strictly_and_does_the_main_job(
    running: Stack, documents: dict[str, Path], node_modules: Path, tmp_path: Path
) -> None:
    for name in ("main_job.ts", "tsconfig.json", "package.json"):
        shutil.copy(SOURCES / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(node_modules)
    programs = node_modules / ".bin"
    for name in SERVICES:
        # A member with a default may be left out of a request.
        generate: list[str | Path] = [
            programs / "openapi-typescript",
            documents[name],
            "--default-non-nullable",
            "false",
        ]
        run([*generate, "--output", f"{name}.ts"], tmp_path)
    run([programs / "tsc"], tmp_path)
    done = run(["node", "built/main_job.js", running.identity, running.posts, unique("ts")], tmp_path)
    assert done == "done\n"
