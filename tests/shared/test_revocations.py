"""What is refused although it was signed: kept in memory as long as a token can live, and asked for every token."""

import pytest

from tests.shared.receivers import principal
from watchword.auth import InvalidToken, Verifier
from watchword.auth.revocations import FOR_EVER, Kind, Revocation, Revocations
from watchword.testing import Issuer, StandingClock

MEMORY_SECONDS = 900.0


class SchemaState:
    """An authority that has been heard."""

    def __init__(self, revocations: Revocations) -> None:
        self.revocations = revocations

    def ensure_in_contact(self, is_write: bool) -> None:
        """It has."""

    async def start(self) -> None:
        """Nothing to start."""

    async def stop(self) -> None:
        """Nothing was started."""


@pytest.fixture
def revocations() -> Revocations:
    return Revocations(MEMORY_SECONDS)


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def issuer(clock: StandingClock) -> Issuer:
    return Issuer(clock=clock)


@pytest.fixture
def verifier(issuer: Issuer, revocations: Revocations) -> Verifier:
    verifier = issuer.verifier()
    verifier.obey(SchemaState(revocations))
    return verifier


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


@pytest.mark.parametrize(("issued_at", "refused"), [(999, True), (999.9, True), (1000, False), (1001, False)])
def test_changed_claims_refuse_tokens_issued_before(revocations: Revocations, issued_at: float, refused: bool) -> None:
    revoke(revocations, Kind.CLAIMS, "ada", 1000)
    assert revocations.refuses(principal("ada", "s", issued_at)) is refused
    assert not revocations.refuses(principal("grace", "s", issued_at))


@pytest.mark.parametrize("kind", [Kind.DISABLED, Kind.PURGED])
def test_a_closed_account_is_refused_whenever_its_token_was_issued(revocations: Revocations, kind: Kind) -> None:
    revoke(revocations, kind, "ada")
    assert revocations.refuses(principal("ada", "s", 2**40))
    assert not revocations.refuses(principal("grace"))


def test_an_account_that_is_enabled_again_keeps_what_else_was_revoked(revocations: Revocations) -> None:
    revoke(revocations, Kind.DISABLED, "ada")
    revoke(revocations, Kind.CLAIMS, "ada", 1000)
    revoke(revocations, Kind.SESSION, "s")
    revocations.remove(Kind.DISABLED, "ada")
    assert revocations.refuses(principal("ada", "t", 999))
    assert revocations.refuses(principal("ada", "s", 2000))
    assert not revocations.refuses(principal("ada", "t", 1000))


def test_what_was_never_revoked_can_be_accepted_again(revocations: Revocations) -> None:
    revocations.remove(Kind.DISABLED, "ada")
    assert (revocations.refuses(principal("ada")), len(revocations)) == (False, 0)


@pytest.mark.parametrize("order", [(1000, 1200), (1200, 1000)])
def test_the_later_of_two_changes_holds_in_whatever_order_they_are_told(
    revocations: Revocations, order: tuple[int, int]
) -> None:
    for valid_from in order:
        revoke(revocations, Kind.CLAIMS, "ada", valid_from)
    assert revocations.refuses(principal("ada", "s", 1199))
    assert not revocations.refuses(principal("ada", "s", 1200))


def test_what_has_expired_is_forgotten_by_itself_and_what_has_not_is_not(revocations: Revocations) -> None:
    for number in range(1_000):
        revoke(revocations, Kind.SESSION, f"s{number}", until=900)
        revoke(revocations, Kind.CLAIMS, f"a{number}", 1000, until=900)
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


def test_a_replacement_leaves_nothing_of_what_was_there(revocations: Revocations) -> None:
    revoke(revocations, Kind.SESSION, "old")
    revoke(revocations, Kind.DISABLED, "ada")
    revocations.replace([Revocation(Kind.SESSION, "new", FOR_EVER, 900)], 0)
    assert revocations.refuses(principal(session_id="new"))
    assert not revocations.refuses(principal("ada", "old"))
    assert len(revocations) == 1


async def test_a_remembered_token_is_refused_at_once(
    issuer: Issuer, verifier: Verifier, revocations: Revocations
) -> None:
    token = issuer.mint("ada", claims={"sid": "s"})
    await verifier.verify(token)
    assert verifier.recall(token) is not None
    revoke(revocations, Kind.SESSION, "s")
    assert verifier.recall(token) is None
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
    revocations.remove(Kind.DISABLED, "ada")
    assert (await verifier.verify(token)).subject == "ada"


async def test_a_token_that_lives_longer_than_revocations_are_kept_is_refused(
    issuer: Issuer, verifier: Verifier
) -> None:
    assert (await verifier.verify(issuer.mint("ada", expires_in=MEMORY_SECONDS))).subject == "ada"
    with pytest.raises(InvalidToken, match="lives longer than revocations are kept"):
        await verifier.verify(issuer.mint("ada", expires_in=MEMORY_SECONDS + 1))


async def test_a_verifier_that_obeys_nobody_takes_tokens_of_any_life(issuer: Issuer) -> None:
    assert (await issuer.verifier().verify(issuer.mint("ada", expires_in=10_000))).subject == "ada"
