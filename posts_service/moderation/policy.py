"""Who may moderate."""

from posts_service.errors import OwnContentReported
from posts_service.posts.policy import Authored, Permission, is_author
from watchword.auth.errors import NotPermitted
from watchword.auth.principal import Principal


def ensure_may_moderate(caller: Principal) -> None:
    """A person with a permission over what is others' is a moderator. Raises NotPermitted."""
    caller.person_id()
    if not is_moderator(caller):
        raise NotPermitted("lacks every permission of a moderator")


def is_moderator(caller: Principal) -> bool:
    """Whether the caller has a permission over what is others'."""
    return not caller.permissions.isdisjoint(Permission)


def ensure_may_decide(moderator: Principal, thing: Authored) -> None:
    """A report about what is a moderator's own is decided by another moderator. One that they have made themselves they
    may decide: what they report, they may act on anyway. Raises OwnContentReported."""
    if is_author(moderator, thing):
        raise OwnContentReported
