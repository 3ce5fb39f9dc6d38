"""Run npm's `oidc-provider`, which keeps everything in memory."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deploy.local.processes import any_free_port
from tests.bench.load import SERVER_CORE
from tests.bench.servers import Server, command_server, full_path

PROVIDER = "oidc-provider, in memory"


@contextmanager
def oidc_provider(folder: Path, home: Path, form: Mapping[str, str], **variables: str) -> Iterator[Server]:
    """The provider on the core of the servers, with the client of a form. `variables` are the others of its program."""
    url = f"http://127.0.0.1:{any_free_port()}"
    environment = {
        **os.environ,
        "BENCH_PORT": url.rpartition(":")[2],
        "BENCH_CLIENT": form["client_id"],
        "BENCH_SECRET": form["client_secret"],
        **variables,
    }
    # Node looks for packages beside the file that imports them.
    program = shutil.copy(Path(__file__).parent / "oidc_provider" / "provider.js", folder)
    command = [full_path("node"), str(program)]
    with command_server(PROVIDER, command, url, environment, home / "provider.log", SERVER_CORE) as running:
        yield running
