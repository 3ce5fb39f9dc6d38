"""The frame of a service: app, process, middleware, documentation page, health, settings, command line.

`install` gives any FastAPI app the middleware, problem documents, JSON logs and the documentation page. The rest is for
services that have settings, a database and a verifier.
"""

from watchword.service.app import ServiceParts, from_environment, new_app
from watchword.service.cli import CommandLine
from watchword.service.cross_origin import SharedPaths
from watchword.service.dependencies import part
from watchword.service.front_page import Link
from watchword.service.health import Check, health_routes
from watchword.service.installation import install
from watchword.service.middleware import OnAnswer, OutermostMiddleware
from watchword.service.process import exit_on_sigterm, on_shutdown_signal, running, serve
from watchword.service.settings import (
    EnvironmentSettings,
    MigrationSettings,
    ServiceSettings,
    load,
    none_if_empty,
    split_by_commas,
)

__all__ = [
    "Check",
    "CommandLine",
    "EnvironmentSettings",
    "Link",
    "MigrationSettings",
    "OnAnswer",
    "OutermostMiddleware",
    "ServiceParts",
    "ServiceSettings",
    "SharedPaths",
    "exit_on_sigterm",
    "from_environment",
    "health_routes",
    "install",
    "load",
    "new_app",
    "none_if_empty",
    "on_shutdown_signal",
    "part",
    "running",
    "serve",
    "split_by_commas",
]
