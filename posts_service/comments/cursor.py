"""Where a page of comments ended."""

import struct
from typing import Final, NamedTuple
from uuid import UUID

from posts_service.comments.view import CommentView
from watchword.http.keyset import cursor_of, key_of

_FORM: Final = struct.Struct(">16sB16s")


class Cursor(NamedTuple):
    """The place of a comment in the order of its post's comments."""

    thread_id: UUID
    depth: int
    comment_id: UUID

    @classmethod
    def parse(cls, text: str, post_id: UUID) -> "Cursor":
        """The cursor of this post's comments that `text_for` writes as this text. Raises InvalidCursor."""
        thread_id, depth, comment_id = _FORM.unpack(key_of(_list_name(post_id), text, _FORM.size))
        return cls(UUID(bytes=thread_id), depth, UUID(bytes=comment_id))

    @classmethod
    def of(cls, view: CommentView) -> "Cursor":
        """The place of this comment."""
        return cls(view.thread_id, view.depth, view.id)

    def text_for(self, post_id: UUID) -> str:
        key = _FORM.pack(self.thread_id.bytes, self.depth, self.comment_id.bytes)
        return cursor_of(_list_name(post_id), key)


# Before the first page: no comment has this id.
START: Final = Cursor(UUID(int=0), 0, UUID(int=0))


def _list_name(post_id: UUID) -> str:
    return f"comments {post_id}"
