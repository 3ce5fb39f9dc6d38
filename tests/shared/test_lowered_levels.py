"""Tokens whose issuer has lowered the level of assurance since: weaker at guards with `acr`, and valid elsewhere."""

from collections.abc import AsyncIterator
from itertools import permutations
from typing import Any

import httpx
import pytest

from tests.shared.apps import client_for
from tests.shared.receivers import principal
from tests.shared.test_step_up import app_of, each_place, signed_in
from watchword.auth.revocations import FOR_EVER, LEVEL_OF, Kind, Revocation, Revocations
from watchword.testing import Issuer

LEVELS = ("pwd", "mfa", "phr")
A_KIND_OF_A_LATER_RELEASE = "a kind of a later release"
CHALLENGE = (
    'Bearer realm="watchword", error="insufficient_user_authentication",'
    ' error_description="This needs a more recent or a stronger sign-in.", acr_values="mfa"'
)


@pytest.fixture
def revocations() -> Revocations:
    return Revocations(900)


def lowered(kind: Kind, version: int | None, valid_from: int = 0, key: str = "ada") -> Revocation:
    return Revocation(kind, key, valid_from, 900, version)


def levels(revocations: Revocations, version: int, **more: Any) -> list[str | None]:
    """As how strong tokens of Ada's with this version count that say each of the levels."""
    return [revocations.level_of(principal("ada", version=version, acr=acr, **more)) for acr in LEVELS]


@pytest.mark.parametrize(
    ("kind", "count_as"), [(Kind.AT_MOST_MFA, ["pwd", "mfa", "mfa"]), (Kind.AT_MOST_PWD, ["pwd", "pwd", "pwd"])]
)
def test_older_tokens_count_as_at_most_the_level_and_are_valid(
    revocations: Revocations, kind: Kind, count_as: list[str]
) -> None:
    revocations.add(lowered(kind, 5), 0)
    assert levels(revocations, 4) == count_as
    assert levels(revocations, 5) == list(LEVELS)
    assert revocations.level_of(principal("grace", version=4, acr="phr")) == "phr"
    assert not revocations.refuses(principal("ada", version=4, acr="phr"))
    assert len(revocations) == 1


@pytest.mark.parametrize(
    "order", list(permutations([(Kind.AT_MOST_PWD, 5), (Kind.AT_MOST_MFA, 7), (Kind.AT_MOST_MFA, 3)]))
)
def test_each_level_holds_for_its_own_tokens_in_whatever_order_they_arrive(
    revocations: Revocations, order: tuple[tuple[Kind, int], ...]
) -> None:
    for kind, version in order:
        revocations.add(lowered(kind, version), 0)
    assert [levels(revocations, version)[2] for version in (2, 4, 5, 6, 7)] == ["pwd", "pwd", "mfa", "mfa", "phr"]


def test_without_versions_the_time_decides_and_a_session_may_be_all_that_is_named(revocations: Revocations) -> None:
    revocations.add(lowered(Kind.WEAKEST, None, 1000), 0)
    assert levels(revocations, 9, issued_at=999) == ["pwd"] * 3
    assert levels(revocations, 0, issued_at=1000) == list(LEVELS)
    revocations.add(lowered(Kind.WEAKEST, None, FOR_EVER, "s"), 0)
    assert levels(revocations, 0, session_id="s") == ["pwd"] * 3
    assert levels(revocations, 0, session_id="t") == list(LEVELS)


@pytest.mark.parametrize("acr", [None, "", "0", "urn:example:gold"])
def test_value_that_is_no_level_stays_as_it_is(revocations: Revocations, acr: str | None) -> None:
    revocations.add(lowered(Kind.AT_MOST_PWD, 5), 0)
    assert revocations.level_of(principal("ada", acr=acr)) == acr


def test_level_is_forgotten_when_its_tokens_have_expired_and_replaced_with_everything(revocations: Revocations) -> None:
    revocations.add(lowered(Kind.AT_MOST_PWD, 5), 0)
    revocations.add(lowered(Kind.SESSION, None, key="s"), 900)
    assert (levels(revocations, 4), len(revocations)) == (list(LEVELS), 0)
    replacement = Revocations(900)
    replacement.add(lowered(Kind.AT_MOST_PWD, 5), 0)
    revocations.replace(replacement)
    assert levels(revocations, 4) == ["pwd"] * 3


@pytest.mark.parametrize("version", [None, 5])
def test_kind_that_this_release_does_not_know_refuses_the_tokens_altogether(
    revocations: Revocations, version: int | None
) -> None:
    assert A_KIND_OF_A_LATER_RELEASE not in {*Kind, *LEVEL_OF}
    revocations.add(Revocation(A_KIND_OF_A_LATER_RELEASE, "ada", 1001, 2000, version), 0)
    assert revocations.refuses(principal("ada", version=4))
    assert not revocations.refuses(principal("ada", issued_at=1001, version=5))


@pytest.fixture
async def http(issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    async with client_for(app_of(issuer.verifier())) as http:
        yield http


@each_place
async def test_lowered_token_gets_the_challenge_at_guards_with_acr_and_passes_others(
    http: httpx.AsyncClient, issuer: Issuer, place: str
) -> None:
    headers = signed_in(issuer, acr="phr", subject="ada", version=4)
    assert (await http.get(f"/{place}/acr/", headers=headers)).status_code == 200
    issuer.lower("ada", version=5)
    answer = await http.get(f"/{place}/acr/", headers=headers)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, CHALLENGE)
    assert (await http.get(f"/{place}/both/", headers=headers)).status_code == 401
    for guard in ("age", "any-scope"):
        assert (await http.get(f"/{place}/{guard}/", headers=headers)).status_code == 200
    newer = signed_in(issuer, acr="phr", subject="ada", version=5)
    assert (await http.get(f"/{place}/acr/", headers=newer)).status_code == 200


async def test_level_that_suffices_still_passes(http: httpx.AsyncClient, issuer: Issuer) -> None:
    headers = signed_in(issuer, acr="phr", subject="ada")
    issuer.lower("ada", "mfa")
    assert (await http.get("/plain/acr/", headers=headers)).status_code == 200


@pytest.mark.parametrize("level", ["phr", "", "MFA"])
def test_issuer_for_tests_lowers_to_a_level_that_tokens_can_be_lowered_to(issuer: Issuer, level: str) -> None:
    with pytest.raises(ValueError, match="level: one of mfa, pwd"):
        issuer.lower("ada", level)
