"""A Python client, generated from both documents, is typed and does the main job."""

import os
import shutil
import sys
from pathlib import Path

from tests.openapi.conftest import SERVICES, run
from tests.support.services import unique
from tests.support.stack import Stack
from tests.support.tools import ROOT

# The generator's own context manager of a client is not clean; nothing of the documents is in it.
TYPES = """
[mypy]
[mypy-identity_client.client,posts_client.client]
disable_error_code = arg-type
"""
# The generator knows no lines of JSON, and is to take them for the text that they are.
GENERATOR = Path(__file__).parent / "python_client" / "generator.yaml"
MAIN_JOB = Path(__file__).parent / "python_client" / "main_job.py"


def test_a_generated_python_client_is_typed_and_does_the_main_job(
    running: Stack, documents: dict[str, Path], python_tools: Path, tmp_path: Path
) -> None:
    shutil.copy(MAIN_JOB, tmp_path)
    # The generator formats what it has written with a program of its environment.
    search_path = f"{python_tools}{os.pathsep}{os.environ['PATH']}"
    for name in SERVICES:
        generate: list[str | Path] = [
            python_tools / "openapi-python-client",
            "generate",
            "--meta",
            "none",
            "--fail-on-warning",
            "--config",
            GENERATOR,
        ]
        run([*generate, "--path", documents[name], "--output-path", f"{name}_client"], tmp_path, PATH=search_path)
    (tmp_path / "mypy.ini").write_text(TYPES)
    cache = ROOT / ".mypy_cache" / "generated_client"
    mypy: list[str | Path] = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--config-file=mypy.ini",
        f"--cache-dir={cache}",
    ]
    run([*mypy, "--python-executable", python_tools / "python", "main_job.py"], tmp_path)
    done = run([python_tools / "python", "main_job.py", running.identity, running.posts, unique("py")], tmp_path)
    assert done == "done\n"
