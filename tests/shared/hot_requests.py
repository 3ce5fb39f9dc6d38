"""Requests to the app of `hot_things`: well-formed ones, and what can be wrong with one."""

import json
from typing import NamedTuple

from tests.shared.apps import BODY_LIMIT

JSON = {"Content-Type": "application/json"}
THING = b'{"name": "a", "size": 2}'


class Sent(NamedTuple):
    """A request, without its token."""

    method: str
    path: str
    content: bytes | tuple[bytes, ...] = b""
    fields: tuple[tuple[str, str], ...] = ()


def sent_as(media_type: str, content: bytes = THING) -> Sent:
    return Sent("POST", "", content, (("Content-Type", media_type),))


def thing(content: bytes | tuple[bytes, ...]) -> Sent:
    return Sent("POST", "", content, (("Content-Type", "application/json"),))


_NUMBERS = ("1", "0", "-1", "one", "1.5", "99999999999999999999", "1%0A", "%31", "1/", "", "1/2", "news", "news%0A")
_QUERIES = (
    "state=red",
    "state=green",
    "state=",
    "limit=1",
    "state=red&limit=50",
    "state=red&limit=51",
    "state=red&limit=0&limit=1",
    "state=red&limit=x",
    "state=red&after=%00",
    "state=red&after=%ff",
    "state=red&is-exact=yes",
    "state=red&is-exact=2",
    "state=red&is_exact=yes",
    "state=red&state=red",
    "state=blue&state=red",
    "state=red&unknown=1&unknown=2",
    "state=red&" + "&".join(f"x{number}=1" for number in range(99)),
    "state=red&" + "&".join(f"x{number}=1" for number in range(100)),
    "&&state=red&&",
    "state=red;limit=3",
)
_FIELDS = (
    (("If-Match", '"a"'),),
    (("If-Match", '"a"'), ("If-Match", '"b"')),
    (("If-None-Match", "*"),),
    (("If-None-Match", 'W/"a", "b"'),),
    (("If-None-Match", "not a tag"),),
    (("If-None-Match", ""),),
    (("Depth", "3"),),
    (("Depth", "deep"),),
    (("Depth", "1"), ("Depth", "deep")),
    (("Origin", "http://elsewhere.example"),),
)
_PATHS = ("1/parts/x", "one/parts/x", "1/parts/%2F", "1/parts/x?y=1", "1/parts/x?number=2", "1/stream", "x/stream")
_CONTENTS: tuple[bytes | tuple[bytes, ...], ...] = (
    THING,
    (THING[:5], THING[5:]),
    (b"", THING, b""),
    (THING, b" " * BODY_LIMIT, b" "),
    b"",
    b" ",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"1e999",
    b"NaN",
    b"{}",
    b'{"name": 1}',
    b'{"name": null}',
    b'{"name": "much too long"}',
    b'{"name": "a", "name": "b"}',
    b'{"name": "a", "parts": [{"a": 1, "a": 2}]}',
    b'{"name": "a", "parts": [{"a": 1}]}',
    b'{"name": "a", "unknown": 1}',
    b'{"name": "\\ud800"}',
    b'{"name": "\\u0000"}',
    b'{"name": "\xff"}',
    b'{"name": "a"} trailing',
    b'\xef\xbb\xbf{"name": "a"}',
    '{"name": "a"}'.encode("utf-16"),
    '{"name": "a"}'.encode("utf-32"),
    b'{"name": "a", "size": 99999999999999999999}',
    b'{"name": "a", "size": "2"}',
    b'{"name": "a", "size": 1.5}',
    b"[" * 2000,
    b'{"name":' * 300,
    json.dumps({"name": "a"} | {f"x{number}": 1 for number in range(150)}).encode(),
    b'{"name": "a", "filler": "' + b"x" * BODY_LIMIT + b'"}',
)
_MEDIA_TYPES = (
    "application/json",
    "application/json; charset=utf-8",
    "APPLICATION/JSON",
    "application/json;charset=latin-1",
    "application/problem+json",
    "application/jsonp",
    "text/json",
    "text/plain",
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded",
    "",
    "application/json, text/plain",
)


def reads() -> list[Sent]:
    return [
        *(Sent("GET", f"/{number}") for number in _NUMBERS),
        *(Sent("GET", f"?{query}") for query in _QUERIES),
        *(Sent("GET", "/1", fields=some) for some in _FIELDS),
        *(Sent("GET", f"/{other}") for other in _PATHS),
        Sent("GET", "/1", b"a body that nobody reads"),
    ]


def writes() -> list[Sent]:
    return [
        *map(thing, _CONTENTS),
        *map(sent_as, _MEDIA_TYPES),
        Sent("POST", "", THING),
        Sent("POST", "", THING, (("Content-Type", "application/json"), ("Content-Type", "text/plain"))),
        Sent("POST", "?limit=1", THING, tuple(JSON.items())),
        Sent("POST", "?limit=0", THING, tuple(JSON.items())),
        Sent("POST", "?limit=1&limit=2", b"{", tuple(JSON.items())),
        *(Sent("PATCH", f"/{number}", THING, tuple(JSON.items())) for number in ("1", "x", "1?y=1&y=2")),
        Sent("PATCH", "/1", THING, (*JSON.items(), ("If-None-Match", "*"), ("Depth", "x"))),
        Sent("PUT", "/1", THING, tuple(JSON.items())),
        Sent("PUT", "/1", b"null", tuple(JSON.items())),
        Sent("PUT", "/1"),
        Sent("POST", "/1/touch"),
        Sent("POST", "/1/touch", b"{"),
        Sent("POST", "/x/touch"),
    ]


def others() -> list[Sent]:
    names = ("taken", "teapot", "odd", "odder", "bug", "unknown")
    return [
        *(Sent(method, "/1") for method in ("HEAD", "OPTIONS", "DELETE", "POST", "TRACE", "BREW")),
        *(Sent("HEAD", path) for path in ("?state=red", "?state=x", "/x", "/1/stream", "/errors/taken")),
        *(Sent("POST", f"/errors/{name}", THING, tuple(JSON.items())) for name in names),
        *(Sent("GET", f"/errors/{name}") for name in names),
        *(Sent("GET", f"/errors/{name}/early") for name in names),
        Sent("GET", "/1/later"),
        Sent("GET", "/1/nowhere"),
        Sent("GET", "/errors"),
    ]
