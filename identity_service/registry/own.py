"""What belongs to every installation: its clients, its services, and their scopes and permissions."""

from typing import Final

from identity_service.clients.models import DOCUMENTATION_CLIENT, FIRST_PARTY_CLIENT
from identity_service.clients.scopes import EMAIL, INTROSPECT, OFFLINE_ACCESS, PROFILE, SCOPE_TEXTS
from identity_service.roles.permissions import ADMINISTER
from identity_service.services.drafts import ServiceDraft

ADMINISTRATION_CLIENT: Final = "administration"
"""The id of the client of administrators' scripts: only a token for it, or for one that an operator has made, has the
scope of administrators."""

POSTS_CLIENT: Final = "posts"
POSTS_DOCUMENTATION_CLIENT: Final = "posts-docs"
POSTS_PAGES_CLIENT: Final = "posts-pages"
"""The id of the client of the pages of posts, which sign people in by redirect."""

OWN_CLIENTS: Final = (
    FIRST_PARTY_CLIENT,
    ADMINISTRATION_CLIENT,
    POSTS_CLIENT,
    POSTS_PAGES_CLIENT,
    DOCUMENTATION_CLIENT,
    POSTS_DOCUMENTATION_CLIENT,
)
"""The clients of every installation. One that signs people in by redirect is missing if no code may be sent to it."""

OWN_SCOPES: Final = {
    **SCOPE_TEXTS.people,
    **SCOPE_TEXTS.services,
    PROFILE: "See your username and your name",
    EMAIL: "See your e-mail address",
    OFFLINE_ACCESS: "Do all this also while you are not using it",
    INTROSPECT: "Ask whether a token for your service is valid",
}
OWN_PERMISSIONS: Final = {ADMINISTER: "Administer accounts, roles, clients, services and keys"}
POSTS_SCOPES: Final = {
    "posts:write": "Write, change, delete and export your posts and comments, and act as a moderator if you are one"
}
POSTS_PERMISSIONS: Final = {
    "post:edit_any": "Change the posts of others",
    "post:delete_any": "Delete the posts of others",
    "post:unpublish_any": "Unpublish the posts of others, and publish them again",
    "comment:delete_any": "Delete the comments of others",
}


def own_services(issuer: str, posts_audience: str) -> tuple[ServiceDraft, ServiceDraft]:
    """The services of every installation, identity and posts, with what the set-up gives them."""
    identity = ServiceDraft(issuer, "Watchword identity", None, OWN_SCOPES, OWN_PERMISSIONS)
    posts = ServiceDraft(posts_audience, "Watchword posts", POSTS_CLIENT, POSTS_SCOPES, POSTS_PERMISSIONS)
    return identity, posts
