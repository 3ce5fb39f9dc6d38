"""A service that is configured for other tokens than it gets says so once, with both values, in a plain log."""

import logging
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest

from watchword.auth import InvalidToken, Verifier
from watchword.testing import Issuer, StandingClock

CONFIGURED = "http://notes.example"


def hints(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What an operator sees whose logging is not configured, or only by `logging.basicConfig()`."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.name == "watchword.configuration" and record.levelno >= logging.WARNING
    ]


async def refuse(verifier: Verifier, token: str) -> None:
    with pytest.raises(InvalidToken):
        await verifier.verify(token)


def verifier_of(source: Issuer, **configured: Any) -> Verifier:
    return Verifier(**{"issuer": source.url, "audience": source.audience, "keys": source, **configured})


async def test_a_wrong_audience_is_said_once_with_both_values(issuer: Issuer, caplog: pytest.LogCaptureFixture) -> None:
    verifier = verifier_of(issuer, audience=CONFIGURED)
    for _ in range(100):
        await refuse(verifier, issuer.mint())
    [hint] = hints(caplog)
    assert repr(issuer.audience) in hint
    assert repr(CONFIGURED) in hint
    assert "(aud)" in hint


@pytest.mark.parametrize(
    "configured", ["http://issuer.example/", "https://issuer.example", "http://127.0.0.1:8001", "http://Issuer.example"]
)
async def test_a_wrong_issuer_is_said_once_with_both_values(
    issuer: Issuer, caplog: pytest.LogCaptureFixture, configured: str
) -> None:
    verifier = verifier_of(issuer, issuer=configured)
    for _ in range(100):
        await refuse(verifier, issuer.mint())
    [hint] = hints(caplog)
    assert repr(issuer.url) in hint
    assert repr(configured) in hint
    assert "(iss)" in hint


@pytest.mark.parametrize(
    ("offset", "claims", "named"),
    [
        (timedelta(hours=-1), {}, "(iat)"),
        (timedelta(seconds=-10), {}, "(iat)"),
        (timedelta(0), {"nbf": 32_503_680_000}, "(nbf)"),
        (timedelta(hours=1), {}, "(exp)"),
    ],
    ids=["behind", "a_little_behind", "not_before", "ahead"],
)
async def test_a_clock_that_differs_is_said_once_with_both_times(
    issuer: Issuer, caplog: pytest.LogCaptureFixture, offset: timedelta, claims: dict[str, Any], named: str
) -> None:
    clock = StandingClock()
    issuer.clock = clock
    token = issuer.mint(claims=claims)
    clock.advance(seconds=offset.total_seconds())
    verifier = verifier_of(issuer, clock=clock)
    for _ in range(100):
        await refuse(verifier, token)
    [hint] = hints(caplog)
    assert str(clock.now().replace(microsecond=0))[:19] in hint
    assert named in hint
    assert "clocks" in hint


async def test_an_expired_token_is_no_hint_once_another_was_accepted(
    issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    verifier = verifier_of(issuer)
    await verifier.verify(issuer.mint())
    await refuse(verifier, issuer.mint(expires_in=-60))
    assert hints(caplog) == []


async def test_each_kind_of_difference_is_said_for_itself(issuer: Issuer, caplog: pytest.LogCaptureFixture) -> None:
    verifier = verifier_of(issuer)
    for claims in ({"aud": "http://other.example"}, {"iss": "http://other.example"}, {"iat": 32_503_680_000}) * 3:
        await refuse(verifier, issuer.mint(claims=claims))
    assert len(hints(caplog)) == 3


@pytest.mark.parametrize("claims", [{"aud": "other"}, {"iss": "other"}, {"iat": 32_503_680_000}])
async def test_a_token_that_the_issuer_did_not_sign_is_no_hint(
    issuer: Issuer, caplog: pytest.LogCaptureFixture, claims: dict[str, Any]
) -> None:
    forger = Issuer(issuer.url, issuer.audience)
    forger.rotate("the forger's")
    await refuse(verifier_of(issuer), forger.mint(claims=claims, header={"kid": issuer.kid}))
    assert hints(caplog) == []


@pytest.mark.parametrize(
    "value",
    [
        "a\nWARNING: forged",
        "\x1b[2J\x1b[31m",
        "x" * 5_000,
        ["\n" * 50] * 20,
        None,
        1e308,
        {"a": ["\x00"]},
        [],
    ],
)
@pytest.mark.parametrize("claim", ["aud", "iss"])
async def test_values_from_tokens_are_bounded_and_on_one_line(
    issuer: Issuer, caplog: pytest.LogCaptureFixture, claim: str, value: object
) -> None:
    await refuse(verifier_of(issuer), issuer.mint(claims={claim: value}))
    [hint] = hints(caplog)
    assert hint.isprintable()
    assert len(hint) < 800


@pytest.mark.parametrize("claims", [{"nbf": 1e308}, {"iat": 1e308}, {"exp": 1e308}, {"iat": "x"}, {"nbf": [1]}])
async def test_times_that_are_no_times_are_refused_without_a_hint(
    issuer: Issuer, caplog: pytest.LogCaptureFixture, claims: dict[str, Any]
) -> None:
    await refuse(verifier_of(issuer), issuer.mint(claims=claims))
    assert hints(caplog) == []


SERVICE = """
import asyncio, logging, sys
import httpx
from fastapi import Depends, FastAPI
from watchword.auth import Verifier, protect, requires
from watchword.testing import Issuer

{logging}
issuer = Issuer()
app = FastAPI(openapi_url=None)
app.get("/notes", dependencies=[Depends(requires("notes:read"))])(lambda: "notes")
protect(app, Verifier(issuer=issuer.url, audience="http://notes.example", keys=issuer))

async def main():
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://notes.example") as http:
        for headers in ({{}}, issuer.bearer(), issuer.bearer()):
            await http.get("/notes", headers=headers)

asyncio.run(main())
"""


def output_of(configuration: str) -> str:
    run = [sys.executable, "-c", SERVICE.format(logging=configuration)]
    return subprocess.run(run, capture_output=True, text=True, timeout=60, check=True).stderr


@pytest.mark.parametrize("configuration", ["", "logging.basicConfig()"], ids=["no_logging", "basic_config"])
def test_a_plain_log_holds_one_line_with_both_audiences(configuration: str) -> None:
    [line] = output_of(configuration).splitlines()
    assert "'http://service.example'" in line
    assert "'http://notes.example'" in line


def test_a_plain_log_at_info_holds_the_reason_of_every_refusal() -> None:
    lines = output_of("logging.basicConfig(level=logging.INFO)").splitlines()
    refusals = [line for line in lines if "refused: " in line and "watchword.refusals" in line]
    assert ["no token" in refusals[0], "another audience" in refusals[1], len(refusals)] == [True, True, 3]
