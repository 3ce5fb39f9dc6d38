"""Words that are easy to guess in passwords of this installation and of this person."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.identity.answers import pointers
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import Identity

ISSUER = "https://login.xqvortal.example"


@pytest.fixture
async def acme(clean_databases: Databases) -> AsyncIterator[Identity]:
    words = "Zyltrophen, Jakwonder"
    async with services.identity(clean_databases, password_words=words, issuer=ISSUER) as identity:
        yield identity


async def register(identity: Identity, password: str) -> httpx.Response:
    account = {"username": "ada", "email": "vrenklow@quibbezor.example", "full_name": "Ada Plomvertix"}
    return await identity.http.post("/users", json={**account, "password": password})


@pytest.mark.parametrize("word", ["watchword", "zyltrophen", "JAKWONDER", "xqvortal"])
async def test_password_of_a_word_of_the_installation_is_refused(acme: Identity, word: str) -> None:
    assert pointers(await register(acme, f"{word}2026")) == ["/body/password"]


@pytest.mark.parametrize("word", ["vrenklow", "quibbezor", "plomvertix"])
async def test_password_of_a_part_of_ones_own_name_or_address_is_refused(acme: Identity, word: str) -> None:
    assert pointers(await register(acme, f"{word}2026")) == ["/body/password"]


async def test_same_word_is_no_hint_elsewhere(identity: Identity) -> None:
    assert (await register(identity, "zyltrophen2026")).status_code == 201


async def test_word_within_a_strong_password_does_no_harm(acme: Identity) -> None:
    assert (await register(acme, "watchword trombone violin")).status_code == 201
