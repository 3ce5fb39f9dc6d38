"""What a request may look like before any app sees it (RFC 9112), tried on raw connections to a running server."""

import json
from collections.abc import Iterator

import pytest

from tests.support.bounded_server import BoundedServer, bounded_server, rest, send

HOST = b"Host: localhost\r\n"
CLOSE = b"Connection: close\r\n"
CHUNKED = b"POST /bodies HTTP/1.1\r\n" + HOST + CLOSE + b"Transfer-Encoding: chunked\r\n\r\n"
LONG = b"x" * 70_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoundedServer]:
    with bounded_server(tmp_path_factory.mktemp("heads"), head_seconds=60, silence_seconds=60) as server:
        yield server


def get(*fields: bytes, version: bytes = b"1.1", target: bytes = b"/livez") -> bytes:
    return b"GET " + target + b" HTTP/" + version + b"\r\n" + b"".join(field + b"\r\n" for field in fields) + b"\r\n"


def post(*fields: bytes, body: bytes = b"", version: bytes = b"1.1") -> bytes:
    head = b"POST /bodies HTTP/" + version + b"\r\n" + HOST + CLOSE
    return head + b"".join(field + b"\r\n" for field in fields) + b"\r\n" + body


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def body(answer: bytes) -> dict[str, object]:
    return dict(json.loads(answer.partition(b"\r\n\r\n")[2]))


@pytest.mark.parametrize(
    "field", [b"Host: localhost", b"Host: localhost:8001", b"host:[::1]:8001", b"Host: ", b"HOST: a.example"]
)
def test_one_host_is_answered(server: BoundedServer, field: bytes) -> None:
    assert status(server.exchange(get(field, b"Connection: close"))) == 200


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param([], id="none"),
        pytest.param([b"Host: localhost", b"Host: localhost"], id="twice the same"),
        pytest.param([b"Host: localhost", b"host: other"], id="two"),
        pytest.param([b"Host: localhost, other"], id="a list"),
        pytest.param([b"Host: localhost other"], id="a blank"),
        pytest.param([b"Host: http://localhost"], id="a URL"),
        pytest.param([b"Host: user@localhost"], id="a user"),
        pytest.param([b"Host: localhost:80:80"], id="two ports"),
        pytest.param([b"Host: localhost:http"], id="a port that is no number"),
        pytest.param([b"Host: [::1"], id="half an address"),
        pytest.param([b"Host: local%host"], id="half an escape"),
        pytest.param([b"Host: l\xf6calhost"], id="no ASCII"),
    ],
)
def test_http_1_1_without_one_valid_host_is_400(server: BoundedServer, fields: list[bytes]) -> None:
    answer = server.exchange(get(*fields))
    assert status(answer) == 400
    assert body(answer)["code"] == "invalid_host"


def test_http_1_0_may_lack_the_host_but_not_have_two(server: BoundedServer) -> None:
    assert status(server.exchange(get(version=b"1.0"))) == 200
    assert status(server.exchange(get(b"Host: a", b"Host: a", version=b"1.0"))) == 400


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        pytest.param(post(b"Content-Length: 1", b"Content-Length: 1", body=b"a"), 400, id="two lengths"),
        pytest.param(post(b"Content-Length: 1, 1", body=b"a"), 400, id="a list of lengths"),
        pytest.param(post(b"Content-Length: +1", body=b"a"), 400, id="a signed length"),
        pytest.param(post(b"Content-Length: 1", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"), 400, id="both"),
        pytest.param(post(b"Transfer-Encoding: chunked", b"Content-Length: 1", body=b"0\r\n\r\n"), 400, id="both back"),
        pytest.param(post(b"Transfer-Encoding: identity", body=b"abc"), 501, id="identity"),
        pytest.param(post(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"), 501, id="a coding not known here"),
        pytest.param(post(b"Transfer-Encoding: chunked", body=b"0\r\n\r\n", version=b"1.0"), 501, id="chunked in 1.0"),
        pytest.param(post(b"Content-Type: a/b", b"Content-Type: c/d"), 400, id="two types"),
        pytest.param(get(HOST[:-2], b"X: a\r\n b"), 400, id="a folded line"),
        pytest.param(get(HOST[:-2], b"X: a\rb"), 400, id="a bare CR"),
        pytest.param(get(HOST[:-2], b"X: a\0b"), 400, id="NUL"),
        pytest.param(b"GET /livez HTTP/1.1\nHost: localhost\n\n", 400, id="bare LF"),
        pytest.param(b"GET /livez HTTP/1.1\r\nHost : localhost\r\n\r\n", 400, id="a blank before the colon"),
        pytest.param(get(HOST[:-2], version=b"2.0"), 505, id="another version"),
        pytest.param(b"GET /livez\r\n\r\n", 505, id="no version"),
        pytest.param(b"CONNECT localhost:1 HTTP/1.1\r\n" + HOST + b"\r\n", 501, id="a tunnel"),
        pytest.param(b"CONNECT / HTTP/1.1\r\n" + HOST + b"\r\n" + get(HOST[:-2]), 501, id="a tunnel to a path"),
    ],
)
def test_what_two_readers_may_read_differently_is_refused(server: BoundedServer, request_: bytes, code: int) -> None:
    answer = server.exchange(request_)
    assert status(answer) == code
    assert answer.count(b"HTTP/1.1 ") == 1


def test_a_refusal_of_the_server_is_a_problem_document_with_an_id_of_its_log_line(server: BoundedServer) -> None:
    answer = server.exchange(get())
    head = answer.partition(b"\r\n\r\n")[0].lower()
    assert b"content-type: application/problem+json" in head
    assert b"connection: close" in head
    assert b"x-content-type-options: nosniff" in head
    own_id = str(body(answer)["request_id"])
    assert f"x-request-id: {own_id}".encode() in head
    lines = map(json.loads, server.log.read_text().splitlines())
    [line] = [line for line in lines if line.get("request_id") == own_id]
    assert (line["code"], line["status"]) == ("invalid_host", 400)
    assert line["message"] == "refused: The request must have exactly one valid Host field. (400 invalid_host)"


@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
@pytest.mark.parametrize("protocol", [b"h2c", b"websocket", b"other"])
def test_what_follows_an_upgrade_that_is_ignored_is_the_body(
    server: BoundedServer, protocol: bytes, version: bytes
) -> None:
    """Were it the next request, a proxy would give its answer to somebody else."""
    hidden = get(HOST[:-2], target=b"/hidden")
    fields = [b"Upgrade: " + protocol, b"Connection: Upgrade", b"Content-Length: %d" % len(hidden)]
    for parts in ([post(*fields, body=hidden, version=version)], [post(*fields, version=version), hidden]):
        answer = server.exchange(*parts)
        assert answer.count(b"HTTP/1.1 ") == 1
        assert body(answer)["bytes"] == len(hidden)


def test_trailers_after_an_upgrade_that_is_ignored_are_no_header_fields(server: BoundedServer) -> None:
    request = CHUNKED.replace(CLOSE, b"Connection: Upgrade, close\r\nUpgrade: h2c\r\n")
    answer = server.exchange(request + b"3\r\nabc\r\n0\r\nAuthorization: Bearer x\r\n\r\n")
    assert body(answer) == {"bytes": 3, "fields": ["connection", "host", "transfer-encoding"]}


def test_requests_after_an_upgrade_that_is_ignored_are_answered(server: BoundedServer) -> None:
    upgrade = get(HOST[:-2], b"Connection: Upgrade", b"Upgrade: websocket")
    answer = server.exchange(upgrade * 20 + get(HOST[:-2], b"Connection: close"))
    assert answer.count(b"HTTP/1.1 200") == 21


def test_trailers_are_no_header_fields(server: BoundedServer) -> None:
    trailers = b"Authorization: Bearer x\r\nOrigin: http://localhost\r\nX-Requested-With: x\r\n"
    answer = server.exchange(CHUNKED + b"3\r\nabc\r\n0\r\n" + trailers + b"\r\n")
    assert body(answer) == {"bytes": 3, "fields": ["connection", "host", "transfer-encoding"]}


def test_trailers_of_one_request_are_no_fields_of_the_next(server: BoundedServer) -> None:
    first = CHUNKED.replace(CLOSE, b"") + b"0\r\nAuthorization: Bearer x\r\n\r\n"
    answer = server.exchange(first + post(b"Content-Length: 0"))
    assert answer.count(b"HTTP/1.1 200") == 2
    assert b"authorization" not in answer


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([b"GET /livez HTTP/1.1\r\n" + HOST + b"X: ", LONG, b"\r\n\r\n"], id="a field"),
        pytest.param([b"GET /livez?", LONG, b" HTTP/1.1\r\n" + HOST + b"\r\n"], id="the target"),
        pytest.param([get(HOST[:-2], *[b"X: y"] * 300)], id="many fields"),
        pytest.param([get(HOST[:-2], b"X: " + LONG)], id="a head that comes at once"),
        pytest.param([CHUNKED + b"0\r\nX: ", *[LONG] * 8], id="a trailer"),
        pytest.param([CHUNKED + b"0\r\n", *[b"X: y\r\n" * 10_000] * 8], id="many trailers"),
        pytest.param([CHUNKED, *[b"1;" + LONG + b"\r\na\r\n"] * 8], id="chunk extensions"),
        pytest.param([CHUNKED, *[b"0" * 70_000] * 8], id="zeros before a chunk's length"),
    ],
)
def test_more_than_64_kib_beside_the_body_is_431(server: BoundedServer, parts: list[bytes]) -> None:
    answer = server.exchange(*parts)
    assert status(answer) == 431
    assert answer.count(b"HTTP/1.1 ") == 1


def test_a_long_body_in_small_chunks_is_read(server: BoundedServer) -> None:
    """The framing of chunks is not what is limited."""
    answer = server.exchange(CHUNKED, *[b"10\r\n" + b"x" * 16 + b"\r\n"] * 20_000, b"0\r\n\r\n")
    assert body(answer)["bytes"] == 320_000


def test_pipelined_requests_are_answered_in_order(server: BoundedServer) -> None:
    long = post(b"Content-Length: 300000", body=b"x" * 300_000).replace(CLOSE, b"")
    answer = server.exchange(long + get(HOST[:-2]) + long + get(HOST[:-2], b"Connection: close"))
    assert answer.count(b"HTTP/1.1 200") == 4
    assert answer.endswith(b'"alive"')


def test_requests_that_wait_for_their_turn_are_few(server: BoundedServer) -> None:
    """A client that sends requests faster than they are answered is not kept in memory without a limit."""
    answer = server.exchange(get(HOST[:-2], target=b"/waits/1") + get(HOST[:-2]) * 200)
    assert b"HTTP/1.1 " not in answer


def test_a_malformed_request_gets_no_answer_meant_for_the_one_before(server: BoundedServer) -> None:
    answer = server.exchange(get(HOST[:-2], target=b"/waits/1") + b"nonsense\r\n\r\n")
    assert not answer.startswith(b"HTTP/1.1 400")


def test_an_app_that_reads_a_malformed_body_sends_no_second_answer(server: BoundedServer) -> None:
    with server.connect() as peer:
        send(peer, CHUNKED + b"1\r\na\r\n", b"nonsense\r\n")
        answer = rest(peer)
    assert status(answer) == 400
    assert answer.count(b"HTTP/1.1 ") == 1
    assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize(
    "fields", [[b"X-Long: " + b"x" * 8_190], [b"X-Many-%d: x" % number for number in range(130)]], ids=["long", "many"]
)
def test_a_handshake_that_the_library_for_websockets_would_not_answer_is_refused(
    server: BoundedServer, fields: list[bytes]
) -> None:
    key, version = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", b"Sec-WebSocket-Version: 13"
    upgrade = get(HOST[:-2], b"Connection: Upgrade", b"Upgrade: websocket", key, version, *fields)
    assert status(server.exchange(upgrade)) == 431


@pytest.mark.parametrize(
    "fields", [[], [b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="] * 2, [b"Sec-WebSocket-Version: 13"]]
)
def test_what_is_no_whole_handshake_of_a_websocket_is_an_ordinary_request(
    server: BoundedServer, fields: list[bytes]
) -> None:
    upgrade = get(HOST[:-2], b"Connection: Upgrade", b"Upgrade: websocket", *fields)
    answer = server.exchange(upgrade + get(HOST[:-2], b"Connection: close"))
    assert answer.count(b"HTTP/1.1 200") == 2
