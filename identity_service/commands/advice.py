"""What to enter after a refusal. Use cases do not say it: over HTTP it would be of no use."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from identity_service.clients.errors import ClientExists, ClientNotFound, OneSecretValid, TwoSecretsValid
from identity_service.errors import NoSuchStream, UserNotFound
from identity_service.keys.service import KeyNotFound
from identity_service.roles.errors import LastAdministrator, PermissionUnknown, RoleExists, RoleNotFound, RoleUnknown
from identity_service.services.errors import ServiceExists, ServiceNotFound, WordTaken
from watchword.errors import AppError, Faulty, Invalid, PreconditionFailed
from watchword.jobs.records import NoDeadJob

ADVICE: Final[dict[type[AppError], str]] = {
    UserNotFound: "users list finds accounts",
    RoleNotFound: "roles list lists the roles",
    RoleUnknown: "roles list lists the roles",
    RoleExists: "roles change changes it",
    PermissionUnknown: "permissions list lists those that services declare",
    LastAdministrator: "users set-roles USER user admin makes another one",
    ServiceNotFound: "services list lists the services",
    ServiceExists: "services change changes it",
    ClientNotFound: "clients list lists the clients",
    ClientExists: "clients change and clients extend change it",
    OneSecretValid: "without --lost it gets another one beside it",
    TwoSecretsValid: (
        "clients end-former-secret ends the former one, and clients add-secret --lost replaces the latter one"
    ),
    NoSuchStream: "streams list lists the streams",
    WordTaken: "services list shows to which service each belongs",
    KeyNotFound: "keys list lists the keys",
    NoDeadJob: "jobs list lists them",
    PreconditionFailed: "enter the command again",
}
_NO_SERVICE: Final = "no service has the "


class Advised(AppError):
    """A refusal with what to enter after it."""


@contextmanager
def advised() -> Iterator[None]:
    """Add to a refusal of the block what to enter after it."""
    try:
        yield
    except AppError as error:
        if (advice := _advice(error)) is None:
            raise
        said = error.reason or (error.advice if isinstance(error, Invalid) else error.detail)
        raise Advised(f"{said.rstrip('.')}; {advice}") from error


def _advice(error: AppError) -> str | None:
    if isinstance(error, Faulty) and any(fault.detail.startswith(_NO_SERVICE) for fault in error.faults):
        return "services list shows what services have, and services create makes one"
    return ADVICE.get(type(error))
