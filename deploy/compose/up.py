"""Bring a stack up, and take it down."""

from pathlib import Path

from deploy.compose.secret_files import delete_secrets, ensure_secrets
from deploy.compose.stack import Stack, docker, docker_aloud
from deploy.local.processes import LocalFailure


def up(identity: int, posts: int) -> None:
    """Returns when so many replicas are healthy. Raises LocalFailure; what failed has said why by then."""
    stack = Stack.read()
    folder = _folder(stack)
    if ensure_secrets(folder, stack.name, stack.volumes()):
        print(f"made the secrets of this stack in {folder}")
    how = ["--build"] if stack.is_built_here else []
    scale = ["--scale", f"identity={identity}", "--scale", f"posts={posts}"]
    if not docker_aloud("compose", "up", *how, "--detach", "--wait", "--remove-orphans", *scale):
        _show_failures(stack)
        raise LocalFailure("the stack is not up")
    print(f"{stack.identity}/docs and {stack.posts}/docs; the password of admin is in {folder / 'ADMIN_PASSWORD'}")


def down(*, volumes: bool) -> None:
    """Nothing runs when this returns; with `volumes`, the data, the image built here and the secrets are gone."""
    stack = Stack.read()
    everything = ["--volumes"] if volumes else []
    if not docker_aloud("compose", "--profile", "*", "down", "--remove-orphans", *everything):
        raise LocalFailure("the stack is not down")
    if not volumes:
        return
    if left := stack.volumes():
        raise LocalFailure(f"somebody else uses {', '.join(left)}; the secrets stay as long as the data does")
    if stack.is_built_here:
        docker("image", "rm", "--force", stack.image)
    delete_secrets(_folder(stack))


def _folder(stack: Stack) -> Path:
    return stack.secrets["POSTGRES_PASSWORD"].parent


def _show_failures(stack: Stack) -> None:
    for container in stack.containers("exited", "restarting"):
        if docker("inspect", "--format", "{{.State.ExitCode}}", container).strip() != "0":
            name = docker("inspect", "--format", "{{.Name}}", container).strip("/\n")
            print(f"{name} said:", flush=True)
            docker_aloud("logs", "--tail", "10", container)
