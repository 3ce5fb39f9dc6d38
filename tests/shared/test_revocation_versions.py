"""Revocations by version: of a subject, of all sessions of a subject but one, and of a role."""

import pytest

from tests.shared.receivers import principal
from watchword.auth.revocations import Kind, Revocation, Revocations


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
