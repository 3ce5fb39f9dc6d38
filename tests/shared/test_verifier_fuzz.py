"""Any text that is sent as a token is a caller's token or is refused; no other error is ever raised."""

import contextlib
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchword.auth import InvalidToken
from watchword.testing import Issuer

ISSUER = Issuer()
VERIFIER = ISSUER.verifier()

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=5,
)
more = settings(max_examples=150)


async def offer(token: str) -> None:
    with contextlib.suppress(InvalidToken):
        await VERIFIER.verify(token)


def any_of(*names: str) -> st.SearchStrategy[Mapping[str, Any]]:
    return st.dictionaries(st.sampled_from(names), json_values)


@more
@given(st.text() | st.from_regex(r"[\w.=-]+\.[\w.=-]+\.[\w.=-]+", fullmatch=True))
async def test_any_text_as_a_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidToken):
        await VERIFIER.verify(token)


@more
@given(any_of("alg", "typ", "kid", "crit", "b64"))
async def test_any_header_gives_a_caller_or_a_refusal(header: Mapping[str, Any]) -> None:
    await offer(ISSUER.mint(header=header))


@more
@given(any_of("iss", "aud", "sub", "client_id", "exp", "iat", "nbf", "jti", "sid", "scope", "roles", "permissions"))
async def test_any_claims_give_a_caller_or_a_refusal(claims: Mapping[str, Any]) -> None:
    await offer(ISSUER.mint(claims=claims))
