"""The main job of both services, by clients that openapi-python-client has generated beside this file."""

import sys
import time
from base64 import b64encode
from uuid import UUID

from identity_client import AuthenticatedClient as IdentityCaller
from identity_client import Client as Identity
from identity_client.api.oauth import oauth_token
from identity_client.api.sessions import sessions_end_others, sessions_list, sessions_sign_out
from identity_client.api.users import users_read_me, users_register
from identity_client.models import OauthTokenBody, Problem, Registration, TokenRead, UserRead
from identity_client.models.oauth_token_body_grant_type import OauthTokenBodyGrantType
from posts_client import AuthenticatedClient as PostsCaller
from posts_client.api.posts import posts_delete, posts_edit, posts_publish, posts_read
from posts_client.models import PostChanges, PostDraft, PostRead
from posts_client.models import Problem as PostsProblem

PASSWORD = "correct horse battery"

identity_url, posts_url, word = sys.argv[1:]
# A public client has no secret. The generator knows no credentials that may be left out, so they are sent.
public_client = b64encode(b"web:").decode()
identity = IdentityCaller(base_url=identity_url, token=public_client, prefix="Basic", raise_on_unexpected_status=True)


def register(username: str) -> UUID:
    account = Registration(username=username, email=f"{username}@example.com", password=PASSWORD)
    user = users_register.sync(client=Identity(base_url=identity_url, raise_on_unexpected_status=True), body=account)
    assert isinstance(user, UserRead), user
    user_id: UUID = user.id
    return user_id


def sign_in(username: str, resource: str) -> str:
    form = OauthTokenBody(
        grant_type=OauthTokenBodyGrantType.PASSWORD, username=username, password=PASSWORD, resource=resource
    )
    tokens = oauth_token.sync(client=identity, body=form)
    assert isinstance(tokens, TokenRead), tokens
    return str(tokens.access_token)


def caller_of_posts(token: str) -> PostsCaller:
    return PostsCaller(base_url=posts_url, token=token, raise_on_unexpected_status=True)


ada, eve = f"{word}-ada", f"{word}-eve"
ada_id = register(ada)
register(eve)
author, stranger = (caller_of_posts(sign_in(username, posts_url)) for username in (ada, eve))

published = posts_publish.sync(client=author, body=PostDraft(title="On engines", body="They weave patterns."))
assert isinstance(published, PostRead), published
assert (published.author.id, published.author.username) == (ada_id, ada)

edited = posts_edit.sync(published.id, client=author, body=PostChanges(title="On analytical engines"))
assert isinstance(edited, PostRead), edited
assert (edited.title, edited.body, edited.version) == ("On analytical engines", published.body, 2)

refused = posts_delete.sync(published.id, client=stranger)
assert isinstance(refused, PostsProblem), refused
assert (refused.status, refused.code) == (403, "not_the_author")

read = posts_read.sync(published.id, client=stranger)
assert isinstance(read, PostRead), read
assert read.title == "On analytical engines"

own = IdentityCaller(base_url=identity_url, token=sign_in(ada, identity_url), raise_on_unexpected_status=True)
me = users_read_me.sync(client=own)
assert isinstance(me, UserRead), me
assert me.username == ada
sessions = sessions_list.sync(client=own)
assert isinstance(sessions, list), sessions
assert sorted(session.current is True for session in sessions) == [False, True]
assert sessions_end_others.sync_detailed(client=own).status_code == 204
assert sessions_sign_out.sync_detailed(client=own).status_code == 204
gone = users_read_me.sync(client=own)
assert isinstance(gone, Problem), gone
assert (gone.status, gone.code) == (401, "unauthenticated")

# posts hears of it by an event.
deadline = time.monotonic() + 60
while not isinstance(late := posts_edit.sync(published.id, client=author, body=PostChanges()), PostsProblem):
    assert time.monotonic() < deadline
    time.sleep(0.05)
assert (late.status, late.code) == (401, "unauthenticated")
print("done")
