"""Static files: their names have a digest of their content, and who takes gzip gets it."""

import gzip
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest
from fastapi import Request, Response

from tests.shared.apps import client_for, plain_app
from watchword.auth import public
from watchword.service.assets import Asset, asset_answer

STYLES = Asset.of("styles.css", b"body { margin: 0 }\n" * 100, "text/css; charset=utf-8")
PICTURE = Asset.of("picture.png", b"\x89PNG" * 100, "image/png")
ASSETS = {asset.name: asset for asset in (STYLES, PICTURE)}


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    app = plain_app()

    @app.get("/assets/{name}")
    @public
    async def asset(request: Request, name: str) -> Response:
        return asset_answer(request, ASSETS, name)

    async with client_for(app) as client:
        # httpx would ask for gzip with every request.
        del client.headers["Accept-Encoding"]
        yield client


def accepting(*fields: str) -> Sequence[tuple[str, str]]:
    return [("Accept-Encoding", field) for field in fields]


def test_the_name_follows_the_content_and_keeps_the_suffix() -> None:
    assert STYLES.path == f"/assets/{STYLES.name}"
    assert STYLES.name.startswith("styles.")
    assert STYLES.name.endswith(".css")
    assert Asset.of("styles.css", STYLES.content, STYLES.media_type) == STYLES
    assert Asset.of("styles.css", STYLES.content + b" ", STYLES.media_type).name != STYLES.name


def test_two_processes_compress_to_the_same_bytes() -> None:
    again = Asset.of("styles.css", STYLES.content, STYLES.media_type)
    assert again.gzipped == STYLES.gzipped
    # The time in the header of a gzip file (RFC 1952 section 2.3.1).
    assert STYLES.gzipped[4:8] == bytes(4)


async def test_a_page_of_another_release_gets_the_present_file_which_is_not_kept(http: httpx.AsyncClient) -> None:
    answer = await http.get("/assets/styles.0123456789abcdef.css")
    assert (answer.content, answer.headers["Cache-Control"]) == (STYLES.content, "no-store")
    for name in (
        "styles.css",
        "styles.0123.css",
        "style.0123456789abcdef.css",
        "styles.0123456789abcdef.js",
        "styles.",
    ):
        assert (await http.get(f"/assets/{name}")).status_code == 404, name


async def test_an_asset_may_be_kept_for_ever_and_does_nothing_as_a_page(http: httpx.AsyncClient) -> None:
    answer = await http.get(STYLES.path)
    assert answer.content == STYLES.content
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'"


async def test_there_is_no_asset_by_another_name(http: httpx.AsyncClient) -> None:
    answer = await http.get("/assets/styles.css")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "immutable" not in answer.headers.get("Cache-Control", "")


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param(["gzip"], id="alone"),
        pytest.param(["deflate, GZIP;q=0.5, br"], id="in a list"),
        pytest.param(["br", "gzip"], id="on a second line"),
        pytest.param(["x-gzip"], id="by its old name"),
        pytest.param(["*"], id="as any"),
        pytest.param(["identity;q=0.5, *"], id="rather than nothing"),
        pytest.param(["gzip, identity"], id="as gladly as nothing"),
        pytest.param(["gzip;q=0.001, *;q=0"], id="hardly"),
    ],
)
async def test_a_client_that_takes_gzip_gets_it(http: httpx.AsyncClient, fields: list[str]) -> None:
    async with http.stream("GET", STYLES.path, headers=accepting(*fields)) as answer:
        sent = b"".join([part async for part in answer.aiter_raw()])
    assert gzip.decompress(sent) == STYLES.content
    assert (answer.headers["Content-Encoding"], answer.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert int(answer.headers["Content-Length"]) == len(sent) < len(STYLES.content)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param([], id="does not say"),
        pytest.param([""], id="takes none"),
        pytest.param(["identity"], id="takes it as it is"),
        pytest.param(["br, deflate"], id="takes others"),
        pytest.param(["gzip;q=0"], id="refuses gzip"),
        pytest.param(["gzip; Q=0.000, *"], id="takes any but gzip"),
        pytest.param(["gzip;q=0", "x-gzip;q=0"], id="refuses both names"),
        pytest.param(["gzip;q=0.5, identity;q=0.8"], id="prefers it as it is"),
        pytest.param(["*;q=0"], id="refuses all"),
        pytest.param(["gzip;q=2"], id="is malformed"),
        pytest.param(["gzip;q=yes"], id="is no number"),
        pytest.param(["gzip" + 4_096 * ","], id="says more than any browser does"),
    ],
)
async def test_another_client_gets_the_file_as_it_is(http: httpx.AsyncClient, fields: list[str]) -> None:
    answer = await http.get(STYLES.path, headers=accepting(*fields))
    assert (answer.content, answer.headers["Vary"]) == (STYLES.content, "Accept-Encoding")
    assert "Content-Encoding" not in answer.headers


async def test_what_is_no_text_is_never_compressed(http: httpx.AsyncClient) -> None:
    answer = await http.get(PICTURE.path, headers=accepting("gzip"))
    assert (answer.content, answer.headers["Content-Type"]) == (PICTURE.content, "image/png")
    assert not {"content-encoding", "vary"} & answer.headers.keys()


@pytest.mark.parametrize(
    ("media_type", "is_text"),
    [
        ("text/javascript; charset=utf-8", True),
        ("image/svg+xml", True),
        ("application/manifest+json", True),
        ("font/woff2", False),
        ("image/webp", False),
    ],
)
def test_texts_are_known_by_their_media_type(media_type: str, is_text: bool) -> None:
    assert Asset.of("file.x", b"", media_type).is_text is is_text
