"""The limit and both peers do the work of the posts service: they give the same post and the same page, and publish."""

from collections.abc import Iterator

import httpx
import pytest

from tests.bench.peers import environments
from tests.bench.servers import Server
from tests.bench.testbed import DRAFT, PostsServers, posts_servers
from tests.support.needed import need


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostsServers]:
    need(environments.python(), "the peers cannot be installed")
    with posts_servers(tmp_path_factory.mktemp("bench")) as bed:
        yield bed


def get(server: Server, path: str, *, token: bool = True) -> httpx.Response:
    return httpx.get(f"{server.url}{path}", headers=server.headers if token else {}, timeout=60, trust_env=False)


def test_all_of_them_read_the_same_post_with_the_same_members(bed: PostsServers) -> None:
    ours = get(bed.ours, bed.path).json()
    assert len(bed.peers) == 2
    for server in (*bed.peers, bed.limit):
        other = get(server, bed.path).json()
        assert (other["id"], other["title"], other["body"]) == (ours["id"], ours["title"], ours["body"])
    for peer in bed.peers:
        assert get(peer, bed.path).json().keys() == ours.keys()


def test_all_of_them_list_the_same_twenty_posts_with_the_beginning_of_each_text(bed: PostsServers) -> None:
    ours = get(bed.ours, "/posts").json()["items"]
    assert len(ours) == 20
    for server in (*bed.peers, bed.limit):
        others = get(server, "/posts").json()["items"]
        assert [(post["id"], post["summary"]) for post in others] == [(post["id"], post["summary"]) for post in ours]


def test_the_peers_refuse_a_reader_without_a_token(bed: PostsServers) -> None:
    assert [get(peer, path, token=False).status_code for peer in bed.peers for path in ("/posts", bed.path)] == [
        401
    ] * 4


def test_all_of_them_publish(bed: PostsServers) -> None:
    for server in (bed.ours, *bed.peers, bed.limit):
        url = f"{server.url}/posts"
        answer = httpx.post(url, json=DRAFT, headers=server.headers, timeout=60, trust_env=False)
        assert answer.status_code == 201, answer.text
        assert get(server, f"/posts/{answer.json()['id']}").json()["body"] == DRAFT["body"]


def test_what_a_server_has_used_of_its_core_grows_with_its_answers(bed: PostsServers) -> None:
    used = bed.limit.cpu_seconds()
    # The clock of the kernel counts hundredths of a second.
    while bed.limit.cpu_seconds() == used:
        get(bed.limit, "/posts")
    assert bed.limit.resident_bytes() > 10_000_000
