"""The errors of this service."""

from watchword.errors import Conflict, Forbidden, Invalid, NotFound, PreconditionFailed, TooManyRequests, Unavailable


class PostNotFound(NotFound):
    """There is no such post, or the caller may not know of it."""

    code = "post_not_found"
    detail = "There is no such post."


class NotTheAuthor(Forbidden):
    code = "not_the_author"
    detail = "Only the author of a post may do this."


class PostChanged(PreconditionFailed):
    code = "post_changed"
    detail = "The post has changed since you read it; read it again."


class PostNotPublished(Conflict):
    code = "post_not_published"
    detail = "Only on a published post are comments written and changed, and only a published one can be unpublished."


class CommentNotFound(NotFound):
    """There is no such comment, it is removed, or the caller may not know of its post."""

    code = "comment_not_found"
    detail = "There is no such comment."


class NotTheCommentsAuthor(Forbidden):
    code = "not_the_comments_author"
    detail = "Only its author may change a comment; the author of the post may delete it too."


class CommentChanged(PreconditionFailed):
    code = "comment_changed"
    detail = "The comment has changed since you read it; read it again."


class ParentNotFound(Invalid):
    """The comment to answer is not there, is removed, or is on another post."""

    code = "parent_not_found"
    detail = "This post has no such comment."
    pointer = "/body/parent_id"


class AnswerTooDeep(Invalid):
    """The comment to answer is an answer itself."""

    code = "answer_too_deep"
    detail = "This comment is an answer itself; answer the one that began its thread."
    pointer = "/body/parent_id"


class InvalidIdempotencyKey(Invalid):
    code = "invalid_idempotency_key"
    detail = "Send one Idempotency-Key of 1 to 255 visible characters of ASCII."
    pointer = "/header/Idempotency-Key"


class IdempotencyKeyReused(Invalid):
    """The caller has sent this key with another operation or another body."""

    code = "idempotency_key_reused"
    detail = "This Idempotency-Key was sent with another request; make another key for each change."
    pointer = "/header/Idempotency-Key"


class UnpublishedByModerator(Forbidden):
    code = "unpublished_by_moderator"
    detail = "A moderator has unpublished the post; its author cannot publish it or make it a draft."


class ReasonRequired(Invalid):
    """An act on what is somebody else's, without a reason."""

    code = "reason_required"
    detail = "Say why: it is somebody else's, and the reason is recorded."
    pointer = "/query/reason"


class VersionNotFound(NotFound):
    code = "version_not_found"
    detail = "The post has no such version, or it has not been kept."


class ReportNotFound(NotFound):
    code = "report_not_found"
    detail = "There is no such report."


class ReportDecided(Conflict):
    code = "report_decided"
    detail = "The report has been decided already."


class OwnContentReported(Forbidden):
    """The report is about a post or a comment of the moderator who is to decide it."""

    code = "own_content_reported"
    detail = "The report is about what is yours: another moderator decides it."


class InvalidPublication(Invalid):
    """The instant of publication cannot be what the change says."""

    code = "invalid_publication"
    detail = "The post cannot be published at this instant."
    pointer = "/body/published_at"


class AlreadyPublished(Conflict):
    code = "already_published"
    detail = "The post has been published before: its `published_at` stays as it is."


class UnsupportedCombination(Invalid):
    code = "unsupported_combination"
    detail = (
        "There is no such list. Published posts are listed `newest` or `oldest`, all or by `author` or by `tag`, and"
        " all of them `most_liked`; others are listed `newest`; `q` combines with `limit` and `cursor` alone."
    )
    pointer = "/query"


class SearchTooCostly(Invalid):
    """PostgreSQL has given up the search."""

    code = "search_too_costly"
    detail = "Too many posts have these words, and few of the newest do; search for rarer words."
    pointer = "/query/q"


class SearchBusy(Unavailable):
    """More searches wait in this process than can be run in a few seconds."""

    code = "search_busy"
    detail = "Too many searches wait; try again shortly."
    retry_after = 2


class TooManyListeners(TooManyRequests):
    """The account of a reader, or the address of an anonymous one, has as many streams as it may have."""

    code = "too_many_listeners"
    detail = "Too many streams are open for your account, or for your address if you are not signed in; close one."
    retry_after = 5


class TooManyExports(TooManyRequests):
    """The account has as many exports in this process as it may have."""

    code = "too_many_exports"
    detail = "Your account has as many exports as it may have at once; wait until one of them ends, or close one."
    retry_after = 10


class ExportsBusy(Unavailable):
    """This process has as many exports as it may have."""

    code = "exports_busy"
    detail = "As many people as can be served at once are exporting; try again shortly."
    retry_after = 10


class TooHardToRender(Invalid):
    """Making HTML of a text takes more time or memory than one text may take from the others."""

    code = "too_hard_to_render"
    detail = (
        "This text takes too long to render. Make it shorter or simpler; leaving out the language after ``` can help."
    )
    pointer = "/body/body"


class RenderingBusy(Unavailable):
    """More texts wait to be rendered than can be in a few seconds."""

    code = "rendering_busy"
    detail = "Too many texts wait to be rendered; try again shortly."
    retry_after = 2
