"""What becomes of each column that can say who somebody is, when that person's account is deleted."""

from enum import StrEnum
from typing import Final

from sqlalchemy import Column, Uuid

from posts_service.tables import Base


class Fate(StrEnum):
    DELETED = "the row is deleted, or the column is null in what others hang on"
    ANONYMISED = "the column is null, or names nobody"
    STAYS = "the row stays as it is"


# Why some rows stay: the record of what moderators did must stay whole, and an id of a deleted account
# names nobody; what is revoked is refused for as long as a token can live, and deleted then.
FATES: Final = {
    "authors.id": Fate.DELETED,
    "posts.author_id": Fate.DELETED,
    "comments.author_id": Fate.DELETED,
    "likes.person_id": Fate.DELETED,
    "reports.reporter_id": Fate.DELETED,
    "idempotency_keys.person_id": Fate.DELETED,
    "posts.editor_id": Fate.ANONYMISED,
    "post_versions.editor_id": Fate.ANONYMISED,
    "reports.decided_by": Fate.ANONYMISED,
    "moderation_actions.actor_id": Fate.STAYS,
    "moderation_actions.owner_id": Fate.STAYS,
    "revocations.key": Fate.STAYS,
}

NAMES_NOBODY: Final = frozenset(
    {
        *("posts.id", "slugs.slug", "slugs.post_id", "tags.name", "post_tags.post_id", "post_tags.tag"),
        *("post_terms.post_id", "post_versions.post_id", "post_versions.version", "likes.post_id"),
        *("comments.id", "comments.post_id", "comments.thread_id", "comments.parent_id"),
        *("reports.id", "reports.post_id", "reports.comment_id"),
        *("moderation_actions.id", "moderation_actions.post_id", "moderation_actions.comment_id"),
        # A job names a post; an allowance is counted under a keyed digest, and deleted when it is free again.
        *("idempotency_keys.key", "jobs.id", "allowances.key"),
        *("received_events.jti", "revocations.kind", "revocations.except_sid", "process_leases.process"),
        *("poll_lease.issuer", "transmitter_contact.issuer"),
    }
)


def columns_that_may_name_people() -> set[str]:
    """Every column of a primary key, every one that holds ids, and every one that is called after an id or a person:
    so at least one of each table."""
    return {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if _may_name_people(column)
    }


def _may_name_people(column: "Column[object]") -> bool:
    is_id = column.primary_key or bool(column.foreign_keys) or isinstance(column.type, Uuid)
    return is_id or column.name.endswith(("_by", "_id", "_sid", "subject"))
