"""Reloading on change, for `make dev`."""

import os
from importlib import import_module
from pathlib import Path
from typing import Any

VARIABLE = "WATCHWORD_RELOAD"


def is_reloading() -> bool:
    """Whether the environment asks for it: WATCHWORD_RELOAD is there, and neither empty nor a word for "no"."""
    return os.environ.get(VARIABLE, "").strip().lower() not in ("", "0", "false", "no", "off")


def reload_options(factory: str) -> dict[str, Any]:
    """The options for `uvicorn.run` that reload the service that `factory` ("module:name") builds.

    Empty unless WATCHWORD_RELOAD asks for it. With these options one process serves, and it restarts when a file of the
    service's package or of this library changes.
    """
    if not is_reloading():
        return {}
    packages = (factory.partition(".")[0], "watchword")
    return {"reload": True, "reload_dirs": [str(Path(str(import_module(name).__file__)).parent) for name in packages]}
