"""Revocations: kept in memory as long as a token can live, and checked for every token."""

import pytest
from fastapi import Depends, FastAPI

from tests.shared.apps import client_for
from tests.shared.receivers import only, principal
from watchword.auth import InvalidToken, Verifier, protect, signed_in
from watchword.auth.revocations import FOR_EVER, Kind, Revocation, Revocations
from watchword.errors import Unavailable
from watchword.testing import Issuer, StandingClock

MEMORY_SECONDS = 900.0


class Source:
    """A source of revocations. While it is not `in_contact`, writes are refused."""

    def __init__(self, revocations: Revocations) -> None:
        self.revocations = revocations
        self.in_contact = True

    def ensure_in_contact(self, is_write: bool) -> None:
        if is_write and not self.in_contact:
            raise Unavailable("out of contact")

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


@pytest.fixture
def revocations() -> Revocations:
    return Revocations(MEMORY_SECONDS)


@pytest.fixture
def issuer(clock: StandingClock) -> Issuer:
    return Issuer(clock=clock)


@pytest.fixture
def source(revocations: Revocations) -> Source:
    return Source(revocations)


@pytest.fixture
def verifier(issuer: Issuer, source: Source) -> Verifier:
    return issuer.verifier(revocations=source)


def revoke(revocations: Revocations, kind: Kind, key: str, valid_from: int = FOR_EVER, until: float = 900) -> None:
    revocations.add(Revocation(kind, key, valid_from, until), 0)


def test_a_session_is_refused_and_no_other_of_the_same_person(revocations: Revocations) -> None:
    revoke(revocations, Kind.SESSION, "s")
    assert revocations.refuses(principal("ada", "s"))
    assert not revocations.refuses(principal("ada", "t"))
    assert not revocations.refuses(principal("ada", None))


def test_a_session_and_a_subject_of_the_same_name_are_two_things(revocations: Revocations) -> None:
    revoke(revocations, Kind.SESSION, "a")
    revoke(revocations, Kind.DISABLED, "b")
    assert not revocations.refuses(principal("a", "b"))


@pytest.mark.parametrize(
    ("issued_at", "refused"), [(999, True), (999.9, True), (999.999_999_9, True), (1000, False), (1001, False)]
)
def test_changed_claims_refuse_tokens_issued_before(revocations: Revocations, issued_at: float, refused: bool) -> None:
    revoke(revocations, Kind.CLAIMS, "ada", 1000)
    assert revocations.refuses(principal("ada", "s", issued_at)) is refused
    assert not revocations.refuses(principal("grace", "s", issued_at))


@pytest.mark.parametrize("kind", [Kind.DISABLED, Kind.PURGED])
def test_a_closed_account_is_refused_whenever_its_token_was_issued(revocations: Revocations, kind: Kind) -> None:
    revoke(revocations, kind, "ada")
    assert revocations.refuses(principal("ada", "s", 2**37))
    assert not revocations.refuses(principal("grace"))


def test_an_account_that_is_enabled_again_keeps_what_else_was_revoked(revocations: Revocations) -> None:
    revoke(revocations, Kind.DISABLED, "ada")
    revoke(revocations, Kind.CLAIMS, "ada", 1000)
    revoke(revocations, Kind.SESSION, "s")
    revoke(revocations, Kind.DISABLED, "ada", 0)
    assert revocations.refuses(principal("ada", "t", 999))
    assert revocations.refuses(principal("ada", "s", 2000))
    assert not revocations.refuses(principal("ada", "t", 1000))


@pytest.mark.parametrize("order", [(1000, 1200), (1200, 1000)])
def test_the_later_of_two_changes_holds_in_whatever_order_they_arrive(
    revocations: Revocations, order: tuple[int, int]
) -> None:
    for valid_from in order:
        revoke(revocations, Kind.CLAIMS, "ada", valid_from)
    assert revocations.refuses(principal("ada", "s", 1199))
    assert not revocations.refuses(principal("ada", "s", 1200))


def test_expired_revocations_are_deleted_and_no_others(revocations: Revocations) -> None:
    for number in range(1_000):
        revoke(revocations, Kind.SESSION, f"s{number}", until=900)
        revoke(revocations, Kind.CLAIMS, f"a{number}", 1000, until=900)
        revocations.add(Revocation(Kind.ROLE, f"r{number}", 0, 900, number), 0)
    revoke(revocations, Kind.DISABLED, "a0", until=2000)
    revocations.add(Revocation(Kind.SESSION, "last", FOR_EVER, 2000), 901)
    assert len(revocations) == 2
    assert revocations.refuses(principal("a0", issued_at=5000))
    assert revocations.refuses(principal(session_id="last"))


def test_memory_is_bounded_by_what_happens_within_the_life_of_a_token(revocations: Revocations) -> None:
    most = 0
    for second in range(20_000):
        revocations.add(Revocation(Kind.SESSION, str(second), FOR_EVER, second + MEMORY_SECONDS), second)
        most = max(most, len(revocations))
    assert most <= MEMORY_SECONDS * 1.1 + 1


def test_a_replacement_leaves_nothing_of_what_was_there_before(revocations: Revocations) -> None:
    revoke(revocations, Kind.SESSION, "old")
    revoke(revocations, Kind.DISABLED, "ada")
    revocations.add(Revocation(Kind.ROLE, "editor", 0, 900, 5), 0)
    revocations.replace(only(Revocation(Kind.SESSION, "new", FOR_EVER, 900)))
    assert revocations.refuses(principal(session_id="new"))
    assert not revocations.refuses(principal("ada", "old"))
    assert len(revocations) == 1


async def test_a_remembered_token_is_refused_at_once(
    issuer: Issuer, verifier: Verifier, revocations: Revocations
) -> None:
    token = issuer.mint("ada", claims={"sid": "s"})
    await verifier.verify(token)
    await verifier.verify(token)
    assert verifier.outcomes["remembered"] == 1
    revoke(revocations, Kind.SESSION, "s")
    with pytest.raises(InvalidToken, match="revoked"):
        await verifier.verify(token)


async def test_a_token_issued_since_is_accepted(
    issuer: Issuer, verifier: Verifier, revocations: Revocations, clock: StandingClock
) -> None:
    old = issuer.mint("ada")
    revoke(revocations, Kind.CLAIMS, "ada", int(clock.now().timestamp()) + 1)
    clock.advance(seconds=1)
    assert (await verifier.verify(issuer.mint("ada"))).subject == "ada"
    with pytest.raises(InvalidToken, match="revoked"):
        await verifier.verify(old)


async def test_an_account_that_is_enabled_again_is_accepted_with_the_token_it_had(
    issuer: Issuer, verifier: Verifier, revocations: Revocations
) -> None:
    token = issuer.mint("ada")
    revoke(revocations, Kind.DISABLED, "ada")
    with pytest.raises(InvalidToken, match="revoked"):
        await verifier.verify(token)
    revoke(revocations, Kind.DISABLED, "ada", 0)
    assert (await verifier.verify(token)).subject == "ada"


async def test_a_token_that_lives_longer_than_revocations_are_kept_is_refused_and_that_is_said_once(
    issuer: Issuer, verifier: Verifier, caplog: pytest.LogCaptureFixture
) -> None:
    assert (await verifier.verify(issuer.mint("ada", expires_in=MEMORY_SECONDS))).subject == "ada"
    for _ in range(2):
        with pytest.raises(InvalidToken, match="lives for 901 s, and revocations are kept for 900 s"):
            await verifier.verify(issuer.mint("ada", expires_in=MEMORY_SECONDS + 1))
    [hint] = [record for record in caplog.records if record.name == "watchword.configuration"]
    assert hint.getMessage().endswith("it lives for 901 s, and revocations are kept for 900 s")


async def test_a_verifier_without_revocations_accepts_tokens_of_any_life(issuer: Issuer) -> None:
    assert (await issuer.verifier().verify(issuer.mint("ada", expires_in=10_000))).subject == "ada"


@pytest.mark.parametrize("is_remembered", [False, True])
async def test_a_source_out_of_contact_refuses_writes_and_no_reads(
    issuer: Issuer, verifier: Verifier, source: Source, is_remembered: bool
) -> None:
    token = issuer.mint("ada")
    if is_remembered:
        await verifier.verify(token, is_write=True)
    source.in_contact = False
    with pytest.raises(Unavailable, match="out of contact"):
        await verifier.verify(token, is_write=True)
    assert (await verifier.verify(token)).subject == "ada"


async def test_an_invalid_token_is_unauthenticated_also_out_of_contact(
    issuer: Issuer, verifier: Verifier, source: Source
) -> None:
    source.in_contact = False
    with pytest.raises(InvalidToken, match="expired"):
        await verifier.verify(issuer.mint(expires_in=-60), is_write=True)


@pytest.mark.parametrize(
    ("method", "status"),
    [("GET", 200), ("HEAD", 200), ("OPTIONS", 200), ("POST", 503), ("PUT", 503), ("PATCH", 503), ("DELETE", 503)],
)
async def test_guards_say_which_requests_are_writes(
    issuer: Issuer, verifier: Verifier, source: Source, method: str, status: int
) -> None:
    async def nothing() -> None: ...

    app = FastAPI()
    app.add_api_route("/", nothing, methods=[method], dependencies=[Depends(signed_in)])
    protect(app, verifier)
    source.in_contact = False
    async with client_for(app) as http:
        assert (await http.request(method, "/", headers=issuer.bearer())).status_code == status
