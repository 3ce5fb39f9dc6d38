"""An argument of the library that could never take effect is refused when it is given, by its name."""

from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import MetaData

from watchword.auth import RemoteKeys, Verifier, requires
from watchword.auth.revocations import Revocations
from watchword.database import Database
from watchword.events import (
    EventType,
    Receiver,
    ReceiverTables,
    SilencePolicy,
    TransmitterAccount,
    receive_security_events,
)
from watchword.service import install
from watchword.testing import Issuer

URL = "postgresql://notes@localhost/notes"
NOT_A_NUMBER, INFINITE = float("nan"), float("inf")


def receiver(issuer: str = "http://localhost:8001", **options: Any) -> Receiver:
    account = {"client_id": "notes", "client_secret": "a secret"}
    return receive_security_events(issuer, Database(URL), ReceiverTables(MetaData()), **{**account, **options})


def verifier(of: Issuer, **wrong: Any) -> Verifier:
    usable: dict[str, Any] = {"issuer": of.url, "audience": of.audience, "keys": of}
    return Verifier(**{**usable, **wrong})


@pytest.mark.parametrize(
    "wrong",
    [
        "http://issuer.example\n",
        "http://issuer.example ",
        "http://",
        "http://issuer.example#keys",
        "http://ada:x@issuer.example",
        None,
    ],
)
def test_an_issuer_that_no_token_can_carry_is_refused(issuer: Issuer, wrong: object) -> None:
    with pytest.raises(ValueError, match="issuer: the URL of the issuer"):
        verifier(issuer, issuer=wrong)
    with pytest.raises(ValueError, match="issuer: the URL of the issuer"):
        Verifier.of(wrong, "notes")  # type: ignore[arg-type]
    with pytest.raises((ValueError, TypeError)):
        receiver(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", ["http://notes.example\n", " ", ["http://notes.example"], None])
def test_an_audience_that_no_token_can_carry_is_refused(issuer: Issuer, wrong: object) -> None:
    with pytest.raises(ValueError, match="audience: the name of this service"):
        verifier(issuer, audience=wrong)


@pytest.mark.parametrize("secret", ["hunter2", "hunter 2", "hunter2\t", "hunter/2", "hunter?2", "hunter#2"])
def test_a_password_in_a_url_is_refused_and_not_shown(secret: str) -> None:
    with pytest.raises(ValueError, match=r"jwks_url: .* without a user name") as refusal:
        Verifier.of("https://issuer.example", "notes", jwks_url=f"https://keys:{secret}@keys.example/jwks.json")
    assert "hunter" not in str(refusal.value)


@pytest.mark.parametrize("wrong", [-1, 1.5, NOT_A_NUMBER, "10", True])
def test_a_number_of_remembered_tokens_is_a_count(issuer: Issuer, wrong: object) -> None:
    with pytest.raises(ValueError, match="remember: a whole number"):
        verifier(issuer, remember=wrong)


async def test_a_verifier_may_remember_no_token(issuer: Issuer) -> None:
    without_memory = verifier(issuer, remember=0)
    token = issuer.mint()
    for _ in range(2):
        await without_memory.verify(token)
    assert without_memory.outcomes["remembered"] == 0


def test_a_receiver_of_another_issuers_events_is_refused(issuer: Issuer) -> None:
    with pytest.raises(ValueError, match=f"those of the issuer http://localhost:8001, and not of {issuer.url}"):
        issuer.verifier(revocations=receiver("http://localhost:8001"))
    assert issuer.verifier(revocations=receiver(issuer.url))


@pytest.mark.parametrize("url", ["HTTPS://Issuer.example", "https://issuer.example/@ada", "http://[::1]:8001"])
def test_a_url_may_be_written_in_any_form_that_can_be_called(url: str) -> None:
    Verifier.of(url, "notes", jwks_url=url)
    receiver(url)


@pytest.mark.parametrize(
    "wrong", ["", "keys", "localhost:8001/jwks.json", "ftp://localhost/jwks.json", "http://", "http://[v1.a]"]
)
def test_a_url_from_which_no_keys_can_come_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="jwks_url"):
        RemoteKeys.of("http://localhost:8001", jwks_url=wrong)


@pytest.mark.parametrize(
    "wrong",
    ["", "identity:8001", "http://identity:8001/base", "http://identity?x", "http://ada:x@identity", "ftp://identity"],
)
def test_an_address_is_an_origin(wrong: str) -> None:
    with pytest.raises(ValueError, match="issuer_address"):
        RemoteKeys.of("http://localhost:8001", issuer_address=wrong)
    with pytest.raises(ValueError, match="issuer_address"):
        receiver(issuer_address=wrong)


@pytest.mark.parametrize("wrong", [0, -1, NOT_A_NUMBER, INFINITE, "900", None, True])
def test_seconds_are_a_number_above_0(wrong: Any) -> None:
    with pytest.raises(ValueError, match="memory_seconds"):
        Revocations(wrong)
    with pytest.raises(ValueError, match="seconds"):
        SilencePolicy(wrong)


@pytest.mark.parametrize("name", ["client_id", "client_secret"])
@pytest.mark.parametrize("wrong", ["hunter2\n", " hunter2", "hunter2\r", "hun\tter2"])
def test_credentials_with_the_line_feed_of_their_file_are_refused_and_not_shown(name: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=f"the {name} of a receiver has a space around it") as refused:
        TransmitterAccount(**{"issuer": "http://issuer.example", "client_id": "a", "client_secret": "b", name: wrong})
    assert "hun" not in str(refused.value)


def test_an_effect_that_would_never_be_called_is_refused() -> None:
    with pytest.raises(ValueError, match="'account-purged' is no type of an event"):
        receiver(effects={"account-purged": print})
    with pytest.raises(ValueError, match="cannot be called"):
        receiver(effects={EventType.ACCOUNT_PURGED: None})


@pytest.mark.parametrize("wrong", [0, -1, 2.5, "8", True])
def test_a_pool_has_at_least_one_connection(wrong: Any) -> None:
    with pytest.raises(ValueError, match="size: a whole number from 1 on"):
        Database(URL, size=wrong)


@pytest.mark.parametrize("wrong", [["admin"], 5, " ", "admin\n"])
def test_a_role_or_a_permission_that_no_token_can_carry_is_refused(wrong: Any) -> None:
    for name in ("role", "permission"):
        with pytest.raises(ValueError, match=name):
            requires("things:write", **{name: wrong})


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"max_body_bytes": 0},
        {"max_body_bytes": "1MB"},
        {"docs_client_id": ""},
        {"log_level": "loud"},
    ],
)
def test_an_installation_that_can_have_no_effect_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each argument has its own message
        install(FastAPI(), **{"name": "notes", **wrong})


def test_a_client_for_a_missing_documentation_page_is_refused() -> None:
    with pytest.raises(ValueError, match="docs_client_id: this app has no documentation page"):
        install(FastAPI(openapi_url=None), "notes", docs_client_id="notes-docs")


@pytest.mark.parametrize("name", ["roles", "permissions"])
def test_one_text_in_the_place_of_several_is_refused(issuer: Issuer, name: str) -> None:
    one: dict[str, Any] = {name: "admin"}
    with pytest.raises(TypeError, match=f"{name} are several texts"):
        issuer.mint(**one)
