"""Every operation of posts, in every state of the post that it is about, and how each kind of caller is answered.

A line is an operation, states of the post, and the statuses for the callers in the order of the heading. Each operation
has a line for every state, in as many lines as there are different answers; one that is about no post has one line.
"""

from typing import NamedTuple

STATES = ("draft", "scheduled", "published", "unpublished")

# The moderator has all four permissions and the role moderator, the administrator the same and the role admin; the
# moderating author is the author with what a moderator has. The revoked have lost their session, their role or their
# account; a bad token is the author's with one thing wrong.
TABLE = """
operation                                        state                anonymous  no_scope  author  moderating_author  other  moderator  administrator  revoked  bad_token

GET    /posts                                    -                          200       200     200  200                  200        200            200      401        401
POST   /posts                                    -                          401       403     201  201                  201        201            201      401        401
GET    /posts/events                             -                          200       200     200  200                  200        200            200      401        401

GET    /posts/{post_id}                          published                  200       200     200  200                  200        200            200      401        401
GET    /posts/{post_id}                          unpublished                404       200     200  200                  404        200            200      401        401
GET    /posts/{post_id}                          draft,scheduled            404       200     200  200                  404        404            404      401        401
GET    /posts/by-slug/{slug}                     published                  200       200     200  200                  200        200            200      401        401
GET    /posts/by-slug/{slug}                     unpublished                404       200     200  200                  404        200            200      401        401
GET    /posts/by-slug/{slug}                     draft,scheduled            404       200     200  200                  404        404            404      401        401
PATCH  /posts/{post_id}                          published                  401       403     200  200                  403        200            200      401        401
PATCH  /posts/{post_id}                          unpublished                401       403     200  200                  404        200            200      401        401
PATCH  /posts/{post_id}                          draft,scheduled            401       403     200  200                  404        404            404      401        401
DELETE /posts/{post_id}                          published                  401       403     204  204                  403        204            204      401        401
DELETE /posts/{post_id}                          unpublished                401       403     204  204                  404        204            204      401        401
DELETE /posts/{post_id}                          draft,scheduled            401       403     204  204                  404        404            404      401        401

POST   /posts/{post_id}/unpublish                published                  401       403     403  200                  403        200            200      401        401
POST   /posts/{post_id}/unpublish                unpublished                401       403     403  409                  403        409            409      401        401
POST   /posts/{post_id}/unpublish                draft,scheduled            401       403     403  409                  403        404            404      401        401

GET    /posts/{post_id}/versions                 published                  401       403     200  200                  403        200            200      401        401
GET    /posts/{post_id}/versions                 unpublished                401       403     200  200                  404        200            200      401        401
GET    /posts/{post_id}/versions                 draft,scheduled            401       403     200  200                  404        404            404      401        401
GET    /posts/{post_id}/versions/{version}       published                  401       403     200  200                  403        200            200      401        401
GET    /posts/{post_id}/versions/{version}       unpublished                401       403     200  200                  404        200            200      401        401
GET    /posts/{post_id}/versions/{version}       draft,scheduled            401       403     200  200                  404        404            404      401        401
POST   /posts/{post_id}/versions/{version}/restore
                                                 published                  401       403     200  200                  403        200            200      401        401
POST   /posts/{post_id}/versions/{version}/restore
                                                 unpublished                401       403     200  200                  404        200            200      401        401
POST   /posts/{post_id}/versions/{version}/restore
                                                 draft,scheduled            401       403     200  200                  404        404            404      401        401

POST   /posts/{post_id}/reports                  published                  401       403     201  201                  201        201            201      401        401
POST   /posts/{post_id}/reports                  draft,scheduled,unpublished
                                                                            401       403     404  404                  404        404            404      401        401
PUT    /posts/{post_id}/like                     published                  401       403     200  200                  200        200            200      401        401
PUT    /posts/{post_id}/like                     draft,scheduled,unpublished
                                                                            401       403     404  404                  404        404            404      401        401
DELETE /posts/{post_id}/like                     published                  401       403     200  200                  200        200            200      401        401
DELETE /posts/{post_id}/like                     draft,scheduled,unpublished
                                                                            401       403     404  404                  404        404            404      401        401

GET    /posts/{post_id}/comments                 published                  200       200     200  200                  200        200            200      401        401
GET    /posts/{post_id}/comments                 unpublished                404       200     200  200                  404        200            200      401        401
GET    /posts/{post_id}/comments                 draft,scheduled            404       200     200  200                  404        404            404      401        401
POST   /posts/{post_id}/comments                 published                  401       403     201  201                  201        201            201      401        401
POST   /posts/{post_id}/comments                 unpublished                401       403     409  409                  404        409            409      401        401
POST   /posts/{post_id}/comments                 draft,scheduled            401       403     409  409                  404        404            404      401        401
PATCH  /comments/{comment_id}                    published                  401       403     200  200                  403        403            403      401        401
PATCH  /comments/{comment_id}                    unpublished                401       403     409  409                  404        403            403      401        401
PATCH  /comments/{comment_id}                    draft,scheduled            401       403     409  409                  404        404            404      401        401
DELETE /comments/{comment_id}                    published                  401       403     204  204                  403        204            204      401        401
DELETE /comments/{comment_id}                    unpublished                401       403     204  204                  404        204            204      401        401
DELETE /comments/{comment_id}                    draft,scheduled            401       403     204  204                  404        404            404      401        401

POST   /comments/{comment_id}/reports            published                  401       403     201  201                  201        201            201      401        401
POST   /comments/{comment_id}/reports            draft,scheduled,unpublished
                                                                            401       403     404  404                  404        404            404      401        401
GET    /moderation/reports                       -                          401       403     403  200                  403        200            200      401        401
GET    /moderation/reports/{report_id}           *                          401       403     403  200                  403        200            200      401        401
PATCH  /moderation/reports/{report_id}           *                          401       403     403  403                  403        200            200      401        401
GET    /moderation/actions                       -                          401       403     403  200                  403        200            200      401        401
GET    /tags                                     -                          200       200     200  200                  200        200            200      401        401

GET    /me/posts/export                          -                          401       403     200  200                  200        200            200      401        401
GET    /feed.atom                                -                          200       200     200  200                  200        200            200      401        401

GET    /livez                                    -                          200       200     200  200                  200        200            200      200        200
GET    /readyz                                   -                          200       200     200  200                  200        200            200      200        200
GET    /metrics                                  -                          200       200     200  200                  200        200            200      200        200
"""  # noqa: E501


class Row(NamedTuple):
    """The statuses of an operation for the callers, by their names in the heading, in one state of the post."""

    operation: str
    state: str
    statuses: dict[str, int]


def rows() -> dict[str, Row]:
    """The rows of the table, one for each state, by a name for each."""
    words = TABLE.split()
    heading, cells = words[:11], words[11:]
    callers = heading[2:]
    table: dict[str, Row] = {}
    while cells:
        (method, path, states), statuses, cells = cells[:3], cells[3 : 3 + len(callers)], cells[3 + len(callers) :]
        for state in STATES if states == "*" else states.split(","):
            name = f"{method} {path} {state}".removesuffix(" -")
            assert name not in table, f"{name} is there twice"
            table[name] = Row(f"{method} {path}", state, dict(zip(callers, map(int, statuses), strict=True)))
    return table
