"""Who may moderate."""

from posts_service.posts.policy import Permission
from watchword.auth.errors import NotPermitted
from watchword.auth.principal import Principal


def ensure_may_moderate(caller: Principal) -> None:
    """A person with a permission over what is others' is a moderator. Raises NotPermitted."""
    caller.person_id()
    if caller.permissions.isdisjoint(Permission):
        raise NotPermitted("lacks every permission of a moderator")
