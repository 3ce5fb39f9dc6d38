"""A connection that keeps the process waiting is closed within its time limit; one that goes on is not.

The pauses in these tests are the pace of the client: how long it is idle, and how slowly it sends or reads.
"""

import json
import socket
import time
from collections.abc import Iterator

import pytest

from tests.support.bounded_server import BoundedServer, bounded_server, has_closed, read_answer, rest, send
from tests.support.waiting import wait_until

HOST = b"Host: localhost\r\n"
GET = b"GET /livez HTTP/1.1\r\n" + HOST + b"\r\n"
POST = b"POST /bodies HTTP/1.1\r\n" + HOST + b"Content-Length: 1000\r\n\r\n"
CHUNKED = b"POST /bodies HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
UNREAD = b"POST /unread HTTP/1.1\r\n" + HOST + b"Content-Length: 100000000\r\n\r\n"
LONG_ANSWER = b"GET /answers/20000000 HTTP/1.1\r\n" + HOST + b"\r\n"

# Less than any server needs to write before it notices that nobody reads.
SMALL_BUFFER = 4_096


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoundedServer]:
    """A server that waits for a second."""
    with bounded_server(tmp_path_factory.mktemp("connections")) as server:
        yield server


@pytest.fixture
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoundedServer]:
    """A server that waits for four seconds."""
    with bounded_server(tmp_path_factory.mktemp("patient"), head_seconds=4, silence_seconds=4) as server:
        yield server


@pytest.mark.parametrize("begun", [b"", b"\r\n"], ids=["nothing", "an empty line"])
def test_a_connection_without_a_request_that_has_begun_gets_no_refusal(server: BoundedServer, begun: bytes) -> None:
    assert server.exchange(begun) == b""


def test_a_connection_between_two_requests_is_kept_for_a_limit_of_its_own(server: BoundedServer) -> None:
    with server.connect() as peer:
        send(peer, GET)
        assert read_answer(peer).startswith(b"HTTP/1.1 200")
        time.sleep(2)
        send(peer, GET)
        assert read_answer(peer).startswith(b"HTTP/1.1 200")
        assert rest(peer) == b""


@pytest.mark.parametrize(
    "begun",
    [
        pytest.param(b"G", id="one byte"),
        pytest.param(b"GET /livez HTTP/1.1\r\nHost: loc", id="half a head"),
        pytest.param(POST + b"x" * 500, id="half a body"),
        pytest.param(POST, id="no byte of the body"),
        pytest.param(CHUNKED + b"5\r\nab", id="half a chunk"),
        pytest.param(CHUNKED + b"2\r\nab\r\n0\r\nX: y", id="half a trailer"),
    ],
)
def test_a_request_that_does_not_go_on_is_408(server: BoundedServer, begun: bytes) -> None:
    answer = server.exchange(begun)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "request_timeout"


def test_a_half_request_after_a_whole_one_is_408(server: BoundedServer) -> None:
    answer = server.exchange(GET + GET[:-2])
    assert [answer.count(b"HTTP/1.1 200"), answer.count(b"HTTP/1.1 408")] == [1, 1]


@pytest.mark.parametrize(
    ("begun", "drop"),
    [
        pytest.param(b"GET /livez HTTP/1.1\r\nX: ", b"y", id="a head"),
        pytest.param(POST, b"z", id="a body"),
        pytest.param(CHUNKED, b"1\r\nz\r\n", id="chunks"),
        pytest.param(CHUNKED + b"0\r\n", b"X: y\r\n", id="trailers"),
        pytest.param(b"", b"\r\n", id="empty lines"),
    ],
)
def test_a_client_that_only_trickles_is_cut_off(server: BoundedServer, begun: bytes, drop: bytes) -> None:
    with server.connect() as peer:
        send(peer, begun)

        def closed() -> bool:
            send(peer, drop)
            return has_closed(peer)

        wait_until(closed)


def test_the_rest_of_a_body_that_nobody_reads_is_not_waited_for(server: BoundedServer) -> None:
    with server.connect() as peer:
        send(peer, UNREAD)
        assert peer.recv(65_536).startswith(b"HTTP/1.1 200")

        def closed() -> bool:
            send(peer, b"x" * 1_000)
            return has_closed(peer)

        wait_until(closed)


def test_an_upload_that_goes_on_is_read_to_its_end(patient: BoundedServer) -> None:
    """It lasts for longer than the limits."""
    answer = _upload(patient, seconds=6)
    assert answer.startswith(b"HTTP/1.1 200")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["bytes"] == 60_000


def _upload(server: BoundedServer, *, seconds: int) -> bytes:
    with server.connect() as peer:
        send(peer, POST.replace(b"Content-Length: 1000", b"Connection: close\r\nContent-Length: 60000"))
        for _ in range(60):
            send(peer, b"x" * 1_000)
            time.sleep(seconds / 60)
        return rest(peer)


def test_a_long_poll_lasts_as_long_as_its_app_likes(server: BoundedServer) -> None:
    answer = server.exchange(b"GET /waits/3.5 HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("waiting", [b"", GET], ids=["while one is answered", "while one waits"])
def test_half_a_request_is_not_late_before_those_in_front_are_answered(server: BoundedServer, waiting: bytes) -> None:
    with server.connect() as peer:
        send(peer, b"GET /waits/3 HTTP/1.1\r\n" + HOST + b"\r\n" + waiting + GET[:-2])
        answers = b""
        while b"waited" not in answers or answers.count(b"HTTP/1.1 200") < 1 + bool(waiting):
            part = peer.recv(65_536)
            assert part
            answers += part
        send(peer, GET[-2:].replace(b"\r\n", b"Connection: close\r\n\r\n"))
        assert (answers + rest(peer)).count(b"HTTP/1.1 200") == 2 + bool(waiting)


def test_a_client_that_reads_as_fast_as_it_is_answered_is_kept(server: BoundedServer) -> None:
    """What waits for it stays as much, because each answer that it reads makes room for the next."""
    request = LONG_ANSWER.replace(b"20000000", b"20000")
    with server.connect(receive_buffer=SMALL_BUFFER) as peer:
        send(peer, request * 3)
        for _ in range(20):
            assert peer.recv(20_200, socket.MSG_WAITALL)
            send(peer, request)
            time.sleep(0.25)
        assert peer.recv(1)


def test_a_client_may_wait_to_be_asked_for_its_body(server: BoundedServer) -> None:
    """RFC 9110 section 10.1.1; the body is long enough that no server is ready for all of it at once."""
    with server.connect() as peer:
        send(peer, POST.replace(b"Content-Length: 1000", b"Expect: 100-continue\r\nContent-Length: 300000"))
        assert peer.recv(65_536).startswith(b"HTTP/1.1 100 ")
        send(peer, b"x" * 300_000)
        assert peer.recv(65_536).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "requests",
    [LONG_ANSWER, LONG_ANSWER.replace(b"20000000", b"60000") * 30],
    ids=["one long answer", "many answers"],
)
def test_a_client_that_does_not_read_is_cut_off(server: BoundedServer, requests: bytes) -> None:
    with server.connect(receive_buffer=SMALL_BUFFER) as peer:
        send(peer, requests)
        wait_until(lambda: has_closed(peer))


HANDSHAKE = (
    b"GET /%s HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def test_a_websocket_that_is_not_read_is_cut_off(server: BoundedServer) -> None:
    with server.connect(receive_buffer=SMALL_BUFFER) as peer:
        send(peer, HANDSHAKE % b"flood")
        wait_until(lambda: has_closed(peer))


def test_a_websocket_that_is_read_is_kept(server: BoundedServer) -> None:
    with server.connect(receive_buffer=SMALL_BUFFER) as peer, server.connect() as quiet:
        send(quiet, HANDSHAKE % b"quiet")
        assert quiet.recv(65_536).startswith(b"HTTP/1.1 101")
        send(peer, HANDSHAKE % b"flood")
        for _ in range(30):
            assert peer.recv(65_536)
            time.sleep(0.1)
        assert not has_closed(quiet)


def test_a_client_that_reads_slowly_gets_the_whole_answer(patient: BoundedServer) -> None:
    with patient.connect(receive_buffer=SMALL_BUFFER) as peer:
        send(peer, b"GET /answers/2000000 HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        received = 0
        deadline = time.monotonic() + 6
        while time.monotonic() < deadline and received < 1_500_000:
            received += len(peer.recv(20_000))
            time.sleep(0.05)
        assert received + len(rest(peer)) > 2_000_000
