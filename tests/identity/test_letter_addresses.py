"""The address on the envelope is the one that was stored, also if its domain has other characters than ASCII."""

from datetime import UTC, datetime
from email.headerregistry import Address
from uuid import UUID

import pytest

from identity_service.letters import Letter, LetterKind
from identity_service.letters.answers import Undeliverable
from identity_service.letters.templates import Templates
from identity_service.letters.writer import Addressee, Writer
from identity_service.users.normal_form import normal_email

JOB = UUID(int=1)


def recipient(address: str) -> str:
    writer = Writer(Templates(), "http://localhost:8001", Address(username="no-reply", domain="example.com"))
    letter = Letter(kind=LetterKind.ADDRESS_TAKEN, user_id=JOB, to=address)
    return writer.write(JOB, letter, Addressee("ada", address), datetime.now(UTC)).recipient


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("ada@straße.de", "ada@xn--strae-oqa.de"),
        ("ada@ελλάς.gr", "ada@xn--hxarsa0b.gr"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@example.com", "ada@example.com"),
    ],
)
def test_sharp_s_and_final_sigma_stay_what_they_are(address: str, expected: str) -> None:
    assert recipient(normal_email(address)) == expected


@pytest.mark.parametrize("address", ["ada@strasse..de", "ada@-.de", "ada@a b.de", "ada@☃.example"])
def test_address_without_a_valid_domain_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(Undeliverable) as refusal:
        recipient(address)
    assert str(refusal.value) == "no message can be sent to the address of the account"
