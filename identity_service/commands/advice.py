"""What to enter after a refusal. Use cases do not say it: over HTTP it would be of no use."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from identity_service import errors
from identity_service.keys.service import KeyNotFound
from watchword.errors import AppError, Faulty, Invalid, PreconditionFailed
from watchword.jobs.records import NoDeadJob

ADVICE: Final[dict[type[AppError], str]] = {
    errors.UserNotFound: "users list finds accounts",
    errors.RoleNotFound: "roles list lists the roles",
    errors.RoleUnknown: "roles list lists the roles",
    errors.RoleExists: "roles change changes it",
    errors.PermissionUnknown: "permissions list lists those that services declare",
    errors.LastAdministrator: "users set-roles USER user admin makes another one",
    errors.ServiceNotFound: "services list lists the services",
    errors.ServiceExists: "services change changes it",
    errors.ClientNotFound: "clients list lists the clients",
    errors.ClientExists: "clients change and clients extend change it",
    errors.OneSecretValid: "without --lost it gets another one beside it",
    errors.TwoSecretsValid: (
        "clients end-former-secret ends the former one, and clients add-secret --lost replaces the latter one"
    ),
    errors.NoSuchStream: "streams list lists the streams",
    errors.WordTaken: "services list shows to which service each belongs",
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
