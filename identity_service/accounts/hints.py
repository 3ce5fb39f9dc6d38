"""The words that are easy to guess in a password."""

from identity_service.accounts.schemas import Registration
from identity_service.users.models import User


def hints(owner: Registration | User) -> list[str]:
    """The words that are easy to guess in a password of this user."""
    return [word for word in (owner.username, owner.email, owner.full_name) if word is not None]
