"""The operations of posts that are called often are answered by plans, and the others are not."""

import pytest

from posts_service.app import create_app
from posts_service.parts import assemble
from posts_service.settings import Settings
from tests.support.services import SEALING_KEY
from watchword.http._hot_table import HotTable

POST = "/posts/0199a3c1-e5f0-7d6b-8000-000000000001"
LIKE, COMMENTS = f"{POST}/like", f"{POST}/comments"


@pytest.fixture
def table() -> HotTable:
    settings = Settings(
        database_url="postgresql://posts@127.0.0.1/posts",
        issuer="http://issuer.example",
        audience="https://posts.example",
        pages_sealing_key=SEALING_KEY,
        client_secret="secret-of-the-posts-client",
    )
    return HotTable(create_app(assemble(settings)))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", POST),
        ("GET", "/posts"),
        ("POST", "/posts"),
        ("PATCH", POST),
        ("PUT", LIKE),
        ("GET", COMMENTS),
        ("POST", COMMENTS),
    ],
)
def test_an_operation_that_is_called_often_is_planned(table: HotTable, method: str, path: str) -> None:
    assert table.find(method, path) is not None


@pytest.mark.parametrize(("method", "path"), [("GET", "/posts/events"), ("DELETE", POST), ("GET", "/livez")])
def test_another_operation_is_left_to_fastapi(table: HotTable, method: str, path: str) -> None:
    assert table.find(method, path) is None
