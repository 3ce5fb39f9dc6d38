"""The cookie of a known device: sealed, for five accounts and a year, and as good as none if anything is wrong."""

from base64 import b64encode
from datetime import timedelta
from http.cookies import SimpleCookie
from uuid import UUID, uuid4

import pytest
from fastapi import Request, Response

from identity_service.authentication.device_cookie import DeviceCookie
from identity_service.authentication.known_devices import LIFETIME, MAX_CHARACTERS, KnownDevices
from identity_service.keys.digests import Digests
from identity_service.keys.key_encryption import Kind, Seal
from identity_service.keys.sealing import Sealer
from tests.support.services import IDENTITY_URL, KEY_ENCRYPTION_KEY
from watchword.testing import StandingClock

ADA, EVE = UUID(int=1), UUID(int=2)
NAMES = ("Ada", "Ada@Example.com")
ANOTHER_KEY = "/wECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".replace("/", "_")


def known_devices(key_encryption_key: str, clock: StandingClock) -> KnownDevices:
    sealer, digests = Sealer(key_encryption_key), Digests()
    digests.use(sealer.present.digest_key)
    return KnownDevices(sealer, digests, clock)


@pytest.fixture
def devices(clock: StandingClock) -> KnownDevices:
    return known_devices(KEY_ENCRYPTION_KEY, clock)


@pytest.fixture
def cookie(devices: KnownDevices) -> DeviceCookie:
    return DeviceCookie.of(IDENTITY_URL, devices)


def request(*cookies: str) -> Request:
    return Request({"type": "http", "headers": [(b"cookie", cookie.encode("latin-1")) for cookie in cookies]})


def test_device_knows_the_names_of_its_accounts_in_any_spelling_and_nobody_else(devices: KnownDevices) -> None:
    device = devices.read(devices.write(None, ADA, NAMES))
    assert device is not None
    assert device.has_account(ADA)
    assert not device.has_account(EVE)
    assert [device.has_login(login) for login in ("ada", "ADA", "Ada@example.com", "ada@example.com")] == [True] * 4
    assert [device.has_login(login) for login in ("eve", "ada@example.org", "", str(ADA))] == [False] * 4


def test_another_sign_in_keeps_the_device_and_renews_it(devices: KnownDevices, clock: StandingClock) -> None:
    first = devices.read(devices.write(None, ADA, NAMES))
    clock.advance(seconds=LIFETIME.total_seconds() - 1)
    second = devices.read(devices.write(first, ADA, ("ada.lovelace", "ada@example.org")))
    assert first is not None
    assert second is not None
    assert second.id == first.id
    # A name that was given up is not the account's any more.
    assert [second.has_login(login) for login in ("ada", "ada.lovelace")] == [False, True]
    assert len(second.accounts) == 1
    clock.advance(seconds=LIFETIME.total_seconds() - 1)
    assert devices.read(devices.write(second, ADA, NAMES)) is not None


def test_device_knows_the_five_latest_accounts_and_stays_small(devices: KnownDevices) -> None:
    people = [(uuid4(), (f"user{number}", f"user{number}@{'example.' * 25}com")) for number in range(7)]
    device, text = None, ""
    for user_id, logins in [*people, people[3]]:
        text = devices.write(device, user_id, logins)
        device = devices.read(text)
    assert device is not None
    assert [device.has_account(user_id) for user_id, _ in people] == [False, False, *[True] * 5]
    assert device.accounts[-1].user == devices.read(devices.write(None, *people[3])).accounts[0].user  # type: ignore[union-attr]
    assert len(text) < MAX_CHARACTERS / 3


def test_cookie_shows_no_name_and_no_id(devices: KnownDevices) -> None:
    texts = [devices.write(None, ADA, NAMES) for _ in range(2)]
    assert texts[0] != texts[1]
    assert not any(word in text for text in texts for word in ("ada", "Ada", str(ADA), ADA.hex))


def test_cookie_that_is_damaged_foreign_or_huge_is_as_good_as_none(devices: KnownDevices, clock: StandingClock) -> None:
    text = devices.write(None, ADA, NAMES)
    damaged = [f"{text[:place]}{'A' if text[place] != 'A' else 'B'}{text[place + 1 :]}" for place in (0, 20, 100)]
    foreign = [
        known_devices(ANOTHER_KEY, clock).write(None, ADA, NAMES),
        b64encode(Sealer(KEY_ENCRYPTION_KEY).seal_text(Seal(Kind.LETTER, "another purpose"), "{}")).decode(),
        "",
        "{}",
        "ä" * 50,
        "A" * 100,
        text * 100,
        "A" * 10_000_000,
        f"{text}=",
        text[:-8],
    ]
    assert [devices.read(wrong) for wrong in (*damaged, *foreign)] == [None] * 13


def test_cookie_that_is_a_year_old_is_as_good_as_none(devices: KnownDevices, clock: StandingClock) -> None:
    text = devices.write(None, ADA, NAMES)
    clock.advance(seconds=LIFETIME.total_seconds() - 1)
    assert devices.read(text) is not None
    clock.advance(seconds=1)
    assert devices.read(text) is None


def test_two_cookies_of_the_name_are_as_good_as_none(cookie: DeviceCookie, devices: KnownDevices) -> None:
    own, other = (f"{cookie.name}={devices.write(None, user_id, NAMES)}" for user_id in (ADA, EVE))
    assert cookie.read(request(f"x=1; {own}")) is not None
    for repeated in ([f"{own}; {other}"], [own, other], [f"{own}; {own}"]):
        assert cookie.read(request(*repeated)) is None
    assert cookie.read(request()) is None
    assert cookie.read(request(f"__Host-{own}")) is None


@pytest.mark.parametrize(
    ("issuer", "name", "secure"),
    [
        ("http://localhost:8001", "watchword_device_8001", False),
        ("http://127.0.0.1", "watchword_device_80", False),
        ("https://id.example.com", "__Host-watchword_device", True),
        ("https://localhost:8001", "__Host-watchword_device", True),
    ],
)
def test_cookie_is_kept_a_year_by_this_host_and_from_scripts(
    devices: KnownDevices, issuer: str, name: str, secure: bool
) -> None:
    response = Response()
    DeviceCookie.of(issuer, devices).set(response, None, ADA, NAMES)
    (line,) = response.headers.getlist("set-cookie")
    ((key, morsel),) = SimpleCookie(line).items()
    assert (key, bool(morsel["secure"])) == (name, secure)
    assert morsel.coded_value == morsel.value
    assert (morsel["httponly"], morsel["samesite"], morsel["path"], morsel["domain"]) == (True, "lax", "/", "")
    assert timedelta(seconds=int(morsel["max-age"])) == LIFETIME
