"""What a caller expects of a user whose row was locked since the caller looked."""

from collections.abc import Callable

from identity_service.users.models import User

Expectation = Callable[[User], None]
"""Raises unless the user, whose row is locked, is whom the caller takes them for."""


def expect_anything(_: User) -> None:
    """The caller knows the user by the id, and expects nothing else."""
