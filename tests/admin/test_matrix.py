"""Every operation of the administration, requested by every kind of caller. A line is an operation and the statuses for
the callers in the order of the heading."""

from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.admin.callers import all_callers
from tests.admin.requests import REQUESTS
from tests.support.services import Identity

TABLE: Final = """
operation                anonymous  user  moderator  administrator  without_scope  service_client  revoked  disabled

GET    /admin/audit            401   403        403            200            403             403      401       401
GET    /admin/audit/export     401   403        403            200            403             403      401       401

GET    /admin/keys             401   403        403            200            403             403      401       401
POST   /admin/keys             401   403        403            201            403             403      401       401
POST   /admin/keys/seal        401   403        403            200            403             403      401       401
GET    /admin/keys/{kid}       401   403        403            200            403             403      401       401
DELETE /admin/keys/{kid}       401   403        403            200            403             403      401       401

GET    /admin/permissions      401   403        403            200            403             403      401       401

GET    /admin/users            401   403        403            200            403             403      401       401
GET    /admin/users/{user_id}  401   403        403            200            403             403      401       401
PATCH  /admin/users/{user_id}  401   403        403            204            403             403      401       401
DELETE /admin/users/{user_id}  401   403        403            204            403             403      401       401
DELETE /admin/users/{user_id}/sessions         401 403 403 204 403 403 401 401
DELETE /admin/users/{user_id}/factors          401 403 403 204 403 403 401 401
POST   /admin/users/{user_id}/password-resets  401 403 403 409 403 403 401 401
GET    /admin/sessions         401   403        403            200            403             403      401       401

GET    /admin/roles            401   403        403            200            403             403      401       401
POST   /admin/roles            401   403        403            201            403             403      401       401
GET    /admin/roles/{name}     401   403        403            200            403             403      401       401
PUT    /admin/roles/{name}     401   403        403            204            403             403      401       401
DELETE /admin/roles/{name}     401   403        403            204            403             403      401       401

GET    /admin/services              401  403  403  200  403  403  401  401
POST   /admin/services              401  403  403  201  403  403  401  401
GET    /admin/services/{service_id} 401  403  403  200  403  403  401  401
PATCH  /admin/services/{service_id} 401  403  403  204  403  403  401  401
DELETE /admin/services/{service_id} 401  403  403  204  403  403  401  401

GET    /admin/jobs             401   403        403            200            403             403      401       401
POST   /admin/jobs/{job_id}/retry 401   403        403            204            403             403      401       401
GET    /admin/streams          401   403        403            200            403             403      401       401
GET    /admin/streams/{stream_id} 401   403        403            200            403             403      401       401
PATCH  /admin/streams/{stream_id} 401   403        403            200            403             403      401       401

GET    /admin/clients                            401  403  403  200  403  403  401  401
POST   /admin/clients                            401  403  403  201  403  403  401  401
GET    /admin/clients/{client_id}                401  403  403  200  403  403  401  401
PATCH  /admin/clients/{client_id}                401  403  403  200  403  403  401  401
DELETE /admin/clients/{client_id}                401  403  403  204  403  403  401  401
POST   /admin/clients/{client_id}/secrets        401  403  403  201  403  403  401  401
DELETE /admin/clients/{client_id}/secrets/former 401  403  403  204  403  403  401  401
"""


def _rows() -> Iterator[tuple[str, dict[str, int]]]:
    heading, *lines = (line.split() for line in TABLE.splitlines() if line)
    callers = heading[1:]
    for method, path, *statuses in lines:
        yield f"{method} {path}", dict(zip(callers, map(int, statuses), strict=True))


ROWS: Final = dict(_rows())


async def _operations(identity: Identity) -> set[str]:
    document: dict[str, Any] = (await identity.http.get("/openapi.json")).json()
    return {
        f"{method.upper()} {path}"
        for path, item in document["paths"].items()
        for method in item
        if path.startswith("/admin")
    }


async def test_the_table_has_every_operation_of_the_document(identity: Identity) -> None:
    assert await _operations(identity) == ROWS.keys() == REQUESTS.keys()


@pytest.mark.parametrize("operation", ROWS)
async def test_caller_is_answered_as_the_table_says(identity: Identity, operation: str) -> None:
    method, path = operation.split()
    callers = await all_callers(identity)
    assert callers.keys() == ROWS[operation].keys()
    answers = {}
    # The administrator comes last: what is refused has changed nothing that the last request needs.
    for name in sorted(callers, key=lambda name: name == "administrator"):
        prepared = await REQUESTS[operation](identity)
        url = path.format(**prepared.path)
        headers = {**callers[name], **prepared.headers}
        answers[name] = await identity.http.request(method, url, headers=headers, **prepared.options)
    statuses = {name: answer.status_code for name, answer in answers.items()}
    assert statuses == ROWS[operation], {name: answer.text for name, answer in answers.items()}
