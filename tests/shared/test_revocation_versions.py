"""Revocations by version: of a subject, of all sessions of a subject but one, and of a role."""

import pytest

from tests.shared.receivers import only, principal
from watchword.auth.revocations import FOR_EVER, Kind, Revocation, Revocations


@pytest.fixture
def revocations() -> Revocations:
    return Revocations(900)


@pytest.mark.parametrize(("version", "refused"), [(0, True), (4, True), (5, False), (6, False)])
@pytest.mark.parametrize("issued_at", [0, 1000, 2**37])
def test_versions_alone_decide_if_there_are_any(
    revocations: Revocations, version: int, issued_at: float, refused: bool
) -> None:
    revocations.add(Revocation(Kind.VERSION, "ada", 1000, 900, 5), 0)
    assert revocations.refuses(principal("ada", "s", issued_at, version=version)) is refused
    assert not revocations.refuses(principal("grace", "s", issued_at))


@pytest.mark.parametrize("order", [(5, 7), (7, 5)])
def test_the_higher_of_two_versions_holds_in_whatever_order_they_arrive(
    revocations: Revocations, order: tuple[int, int]
) -> None:
    for version in order:
        # The clock of the higher one is behind.
        revocations.add(Revocation(Kind.VERSION, "ada", 1000 - version, 900, version), 0)
    assert revocations.refuses(principal("ada", version=6))
    assert not revocations.refuses(principal("ada", version=7))


def test_signing_out_everywhere_else_spares_one_session(revocations: Revocations) -> None:
    revocations.add(Revocation(Kind.SIGNED_OUT, "ada", 1000, 900, 6, "s"), 0)
    assert not revocations.refuses(principal("ada", "s", version=5))
    assert revocations.refuses(principal("ada", "t", version=5))
    assert revocations.refuses(principal("ada", None, version=5))
    assert not revocations.refuses(principal("ada", "t", version=6))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_session_that_is_spared_stays_refused_for_what_changed_before(
    revocations: Revocations, order: tuple[int, int]
) -> None:
    both = Revocation(Kind.VERSION, "ada", 1000, 900, 5), Revocation(Kind.SIGNED_OUT, "ada", 1000, 900, 6, "s")
    for number in order:
        revocations.add(both[number], 0)
    assert [revocations.refuses(principal("ada", "s", version=version)) for version in (4, 5)] == [True, False]
    assert [revocations.refuses(principal("ada", "t", version=version)) for version in (5, 6)] == [True, False]


def test_another_sign_out_spares_its_own_session_alone(revocations: Revocations) -> None:
    for version, spared in ((5, "s"), (6, "t")):
        revocations.add(Revocation(Kind.SIGNED_OUT, "ada", 1000, 900, version, spared), 0)
    assert revocations.refuses(principal("ada", "s", version=5))
    assert not revocations.refuses(principal("ada", "t", version=5))


def test_a_changed_role_refuses_older_tokens_that_carry_it(revocations: Revocations) -> None:
    for version in (5, 3):
        revocations.add(Revocation(Kind.ROLE, "editor", 0, 900, version), 0)
    editor, other = frozenset({"user", "editor"}), frozenset({"user"})
    assert revocations.refuses(principal("ada", roles=editor, role_version=4))
    assert not revocations.refuses(principal("ada", roles=editor, role_version=5))
    assert not revocations.refuses(principal("ada", roles=other))
    # A person whose id is the role's name is somebody else.
    assert not revocations.refuses(principal("editor"))


@pytest.mark.parametrize("version", [None, 3])
def test_a_closed_account_is_refused_whatever_version_its_token_has(
    revocations: Revocations, version: int | None
) -> None:
    revocations.add(Revocation(Kind.DISABLED, "ada", FOR_EVER, 900, version), 0)
    assert all(revocations.refuses(principal("ada", version=of_token)) for of_token in (0, 2, 3, 9))
    assert not revocations.refuses(principal("grace"))


@pytest.mark.parametrize("versions", [(3, 4), (4, 3), (None, None), (3, None), (None, 4)])
@pytest.mark.parametrize("last", [FOR_EVER, 0], ids=["disabled", "enabled"])
def test_an_account_is_closed_or_open_by_version_and_without_one_by_what_arrives_last(
    revocations: Revocations, versions: tuple[int | None, int | None], last: int
) -> None:
    earlier, later = versions
    revocations.add(Revocation(Kind.DISABLED, "ada", FOR_EVER - last, 900, earlier), 0)
    revocations.add(Revocation(Kind.DISABLED, "ada", last, 900, later), 0)
    holds_first = earlier is not None and later is not None and earlier > later
    is_closed = (last == 0) if holds_first else (last == FOR_EVER)
    assert revocations.refuses(principal("ada", version=9)) is is_closed


def test_an_account_that_is_enabled_again_keeps_what_else_was_revoked_of_it(revocations: Revocations) -> None:
    revocations.add(Revocation(Kind.SIGNED_OUT, "ada", 1000, 900, 3), 0)
    revocations.add(Revocation(Kind.DISABLED, "ada", FOR_EVER, 900, 3), 0)
    revocations.add(Revocation(Kind.DISABLED, "ada", 0, 900, 4), 0)
    assert [revocations.refuses(principal("ada", version=version)) for version in (2, 4)] == [True, False]


def test_a_withdrawn_key_refuses_every_token_that_it_has_signed(revocations: Revocations) -> None:
    revocations.add(Revocation(Kind.KEY, "leaked", FOR_EVER, 900), 0)
    for caller in (principal("ada", "s"), principal("service", None)):
        assert revocations.refuses(caller._replace(key_id="leaked"))
        assert not revocations.refuses(caller._replace(key_id="other"))
        assert not revocations.refuses(caller)
    assert (revocations.refuses_key("leaked"), revocations.refuses_key("other")) == (True, False)
    # A person or a role of that name is something else.
    assert not revocations.refuses(principal("leaked", roles=frozenset({"leaked"})))


def test_a_withdrawn_key_is_kept_until_its_last_token_has_expired(revocations: Revocations) -> None:
    for until in (5_000, 900):
        revocations.add(Revocation(Kind.KEY, "leaked", FOR_EVER, until), 0)
    revocations.add(Revocation(Kind.SESSION, "s", FOR_EVER, 9_000), 4_999)
    assert revocations.refuses_key("leaked")
    revocations.add(Revocation(Kind.SESSION, "t", FOR_EVER, 9_000), 5_100)
    assert (revocations.refuses_key("leaked"), len(revocations)) == (False, 2)


def test_withdrawn_keys_are_replaced_with_everything_else(revocations: Revocations) -> None:
    revocations.add(Revocation(Kind.KEY, "leaked", FOR_EVER, 900), 0)
    revocations.replace(only(Revocation(Kind.KEY, "other", FOR_EVER, 900)))
    assert [revocations.refuses_key(kid) for kid in ("leaked", "other")] == [False, True]
