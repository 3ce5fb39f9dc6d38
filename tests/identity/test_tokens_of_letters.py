"""The token of a letter's link is in no log line, no metric and no table, whatever is done with it."""

import logging
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest

from identity_service.links.models import LinkKind
from identity_service.links.repository import issue
from tests.identity.mailbox import tables_with
from tests.support.databases import Databases
from tests.support.services import PASSWORD, Identity

ROUTES: Final[dict[str, tuple[LinkKind, dict[str, Any] | None]]] = {
    "/email-verifications/{token}": (LinkKind.VERIFICATION, {"password": PASSWORD}),
    "/password-resets/{token}": (LinkKind.PASSWORD_RESET, {"new_password": "staple battery horse"}),
    "/email-changes/{token}": (LinkKind.ADDRESS_CHANGE, {"password": PASSWORD}),
    "/email-changes/{token}/undo": (LinkKind.ADDRESS_UNDO, None),
    "/security-notices/{token}": (LinkKind.NOTICE, None),
}


async def token_of(identity: Identity, kind: LinkKind) -> str:
    """The token of a link of this kind to the account `ada`."""
    user_id = UUID(await identity.register("ada"))
    parts = identity.parts
    async with parts.database.begin() as db:
        link = await issue(db, kind, user_id, parts.clock.now(), "countess@example.com")
    return link.token


@pytest.mark.parametrize("route", ROUTES)
async def test_path_is_logged_and_measured_as_its_template(
    mailing: Identity, databases: Databases, tmp_path: Path, caplog: pytest.LogCaptureFixture, route: str
) -> None:
    kind, body = ROUTES[route]
    token = await token_of(mailing, kind)
    path = route.format(token=token)
    caplog.set_level(logging.DEBUG)
    statuses = [(await mailing.http.post(path, json=body)).status_code for _ in range(2)]
    assert statuses == [204, 404]
    lines = [f"{record.getMessage()} {record.__dict__}" for record in caplog.records]
    ours = [line for line in lines if "'name': 'httpx'" not in line]
    assert any(route in line for line in ours)
    assert [line for line in ours if token in line] == []
    metrics = (await mailing.http.get("/metrics")).text
    assert route in metrics
    assert token not in metrics
    assert await tables_with(databases, token) == []
