"""Services of one file beside the running stack: a database, a client and a process for each."""

import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from deploy.local.processes import end_children, start_child
from tests.support.ports import held_port
from tests.support.stack import Stack, await_answer

# `make demo` writes 200 posts.
PASTE_SECONDS = 580
ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
# `make demo` shows its progress on standard error.
MAKE = """
make() {
  case $1 in
    identity) eval "PYTHON -m deploy.local service --home HOME identity ${2#DO=}" 2>&ERRORS ;;
    demo) PYTHON -m deploy.local demo --home HOME 2>&1 ;;
  esac
}
"""
PAUSE = """
sleep() {
  for _ in $(seq 600); do
    [ "$(curl -s -o /dev/null -w '%{http_code}' ARGUMENTS)" = 401 ] && return
    command sleep 0.1
  done
}
"""


async def new_database(running: Stack, name: str) -> str:
    """The URL of a database of this name, which its role owns."""
    server, password = running.databases.server, secrets.token_hex(8)
    server.ensure_database(name)
    superuser = await asyncpg.connect(server.superuser_url(name))
    await superuser.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'; ALTER DATABASE {name} OWNER TO {name}")
    await superuser.close()
    return f"postgresql://{name}:{password}@127.0.0.1:{server.port}/{name}"


def new_client(running: Stack, client_id: str) -> str:
    """The secret of a client that may receive security events."""
    scopes = ("--scope", "ssf.read", "--scope", "ssf.manage")
    arguments = ("--grant", "client_credentials", *scopes, "--audience", running.identity)
    return running.command("identity", "clients", "create", client_id, *arguments).strip().rpartition(" ")[2]


def new_service(running: Stack, audience: str, *scopes: str) -> None:
    """A service with these scopes, for which people can get tokens with the client `web`; one that exists gets them."""
    texts = [argument for scope in scopes for argument in ("--scope", f"{scope}=Use the service")]
    is_new = audience not in running.command("identity", "services", "list", "--limit", "100")
    how = ("create", audience, "--name", "A service") if is_new else ("change", audience)
    running.command("identity", "services", *how, *texts)
    named = [argument for scope in scopes for argument in ("--scope", scope)]
    running.command("identity", "clients", "extend", "web", "--audience", audience, *named)


def registration(section: str) -> str:
    """The commands of one section of the examples' README that register a service at identity."""
    text = "".join(blocks((EXAMPLES / "README.md").read_text(), section, ""))
    return "".join(re.findall(r"^make identity .*\n", text, re.MULTILINE))


@contextmanager
def free_url() -> Iterator[str]:
    """A URL on this machine that nobody else takes during the block."""
    with held_port() as port:
        yield f"http://localhost:{port}"


@contextmanager
def served(app: str, url: str, folder: Path, running: Stack, log: Path, **variables: str) -> Iterator[None]:
    """Run `module:name`, whose file is in `folder`, by uvicorn. The installed library is all it can import besides."""
    command = [sys.executable, "-m", "uvicorn", app, "--port", url.rpartition(":")[2], "--app-dir", str(folder)]
    # As the services do: a client lets go of an idle connection before the server does.
    command += ["--timeout-keep-alive", "120"]
    environment = {name: value for name, value in running.environment.items() if name != "PYTHONPATH"}
    child = start_child(app.partition(":")[0], command, log, environment=environment | variables)
    try:
        await_answer(child, f"{url}/openapi.json")
        yield
    finally:
        end_children([child])


def blocks(text: str, section: str, language: str) -> list[str]:
    """The code blocks in this language in one section of a README."""
    section_text = text.split(f"\n## {section}\n")[1].split("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", section_text, re.DOTALL)


def paste(commands: str, running: Stack, *, pause_until_refused: str = "", errors_to: str = "2") -> str:
    """Paste the commands into a shell, where `make identity` and `make demo` speak to the running stack; what they
    printed.

    Every `expect` among them must have got the status that it names. A `sleep` among them, which gives a logout time,
    lasts until curl gets a 401 with the arguments `pause_until_refused`. Nothing may be printed on standard error; with
    `errors_to="1"`, what `make identity` complains about is part of the output.
    """
    functions = MAKE.replace("PYTHON", sys.executable).replace("HOME", str(running.home)).replace("ERRORS", errors_to)
    functions += PAUSE.replace("ARGUMENTS", pause_until_refused)
    process = subprocess.run(
        ["bash"],
        input=functions + commands,
        cwd=ROOT,
        env=running.environment,
        capture_output=True,
        text=True,
        timeout=PASTE_SECONDS,
        check=False,
    )
    outcomes = re.findall(r"^(\d{3}), expected (\d{3})$", process.stdout, re.MULTILINE)
    assert len(outcomes) == commands.count("\nexpect "), process.stdout
    assert all(status == expected for status, expected in outcomes), process.stdout
    assert process.stderr == ""
    return process.stdout
