"""Every check of the verifier has a token that fails it alone."""

import pytest

from tests.shared.forgeries import FORGERIES, Forgery, each_forgery
from watchword.auth import InvalidToken
from watchword.testing import Issuer


@each_forgery
async def test_forgery_is_refused_for_its_own_reason(issuer: Issuer, forgery: Forgery) -> None:
    token = forgery.make(issuer)
    with pytest.raises(InvalidToken) as refusal:
        await issuer.verifier().verify(token)
    assert refusal.value.reason == forgery.reason


@each_forgery
async def test_forgery_is_not_remembered(issuer: Issuer, forgery: Forgery) -> None:
    verifier = issuer.verifier()
    token = forgery.make(issuer)
    for _ in range(2):
        with pytest.raises(InvalidToken):
            await verifier.verify(token)
    assert verifier.outcomes["remembered"] == 0


def test_no_two_forgeries_have_the_same_name() -> None:
    assert len({forgery.name for forgery in FORGERIES}) == len(FORGERIES)
