"""Clients that are there already: their URIs and grants are added and removed, never into what makes no sense."""

from typing import Any

import pytest

from tests.identity.client_lines import run
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity
from watchword.errors import Invalid
from watchword.service.commands import WrongUsage

CALLBACK, OUT = "https://app.example/callback", "https://app.example/out"
APP = (
    f"clients create app --grant authorization_code --redirect-uri {CALLBACK} --scope account --audience {IDENTITY_URL}"
)
ROW = "SELECT * FROM identity.clients WHERE id = 'app'"


async def row(databases: Databases) -> dict[str, Any]:
    (only,) = await databases.fetch("identity_app", ROW)
    return dict(only)


async def test_client_is_made_with_all_its_uris_and_shown(identity: Identity, databases: Databases) -> None:
    uris = f"--post-logout-redirect-uri {OUT} --backchannel-logout-uri https://app.example/bcl"
    more = "--grant refresh_token --scope openid --scope offline_access --grant device_code"
    said = await run(identity, f"{APP} {uris} {more}")
    assert said.startswith("The client app is saved.\n")
    shown = await run(identity, "clients show app")
    assert shown.splitlines() == ["The client app: app.", *said.splitlines()[1:-1]]
    assert f"Redirect URIs: {CALLBACK}\nRedirect URIs after a logout: {OUT}\n" in shown
    assert "Logout tokens are sent to https://app.example/bcl" in shown
    saved = await row(databases)
    assert (saved["application_type"], saved["is_first_party"]) == ("web", False)
    assert saved["grants"] == ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"]
    assert "app  app  third-party, confidential  authorization_code, " in await run(identity, "clients list")


async def test_native_application_is_shown_as_one(identity: Identity) -> None:
    native = "clients create tool --native --public --grant authorization_code --redirect-uri http://127.0.0.1/callback"
    said = await run(identity, f"{native} --redirect-uri com.example.tool:/x --scope account --audience {IDENTITY_URL}")
    assert said.endswith("It is a native application.\nIt is public: it has no secret.")
    assert "tool  tool  third-party, native, public  authorization_code" in await run(identity, "clients list")


async def test_uris_and_grants_are_added_and_removed(identity: Identity, databases: Databases) -> None:
    await run(identity, APP)
    other = "https://app.example/other"
    await run(identity, f"clients change app --redirect-uri {other} --redirect-uri {CALLBACK} --first-party")
    await run(identity, f"clients change app --backchannel-logout-uri {OUT} --post-logout-redirect-uri {OUT}")
    changed = await row(databases)
    assert (changed["redirect_uris"], changed["is_first_party"]) == ([CALLBACK, other], True)
    assert (changed["backchannel_logout_uri"], changed["post_logout_redirect_uris"]) == (OUT, [OUT])
    removals = f"--remove-redirect-uri {CALLBACK} --remove-post-logout-redirect-uri {OUT}"
    await run(identity, f"clients change app {removals} --remove-backchannel-logout-uri --no-first-party")
    changed = await row(databases)
    assert (changed["redirect_uris"], changed["is_first_party"]) == ([other], False)
    assert (changed["backchannel_logout_uri"], changed["post_logout_redirect_uris"]) == (None, [])
    grants = "--remove-grant authorization_code --grant client_credentials"
    await run(identity, f"clients change app {grants} --remove-redirect-uri {other}")
    assert (await row(databases))["grants"] == ["client_credentials"]


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ("--grant password", "the grant password is for first-party clients only"),
        ("--remove-grant authorization_code", "a client needs at least one grant\na redirect URI needs the grant auth"),
        (f"--remove-redirect-uri {CALLBACK}", "the grant authorization_code needs a redirect URI"),
        (f"--remove-redirect-uri {OUT}", f"the client has no redirect URI {OUT}"),
        ("--redirect-uri http://app.example/", "'http://app.example/' is no redirect URI: it must begin with https"),
        (f"--redirect-uri {OUT} --remove-redirect-uri {OUT}", f"the redirect URI {OUT} is both added and removed"),
        (f"--remove-post-logout-redirect-uri {OUT}", f"the client has no redirect URI after a logout {OUT}"),
        ("--remove-backchannel-logout-uri", "the client has no logout URI"),
        ("--backchannel-logout-uri=", "'' is no logout URI: it must begin with http"),
        (f"--remove-backchannel-logout-uri --backchannel-logout-uri {OUT}", "the logout URI is both set and removed"),
        ("--remove-grant password", "the client has no grant password"),
    ],
)
async def test_change_without_effect_or_sense_is_refused_and_changes_nothing(
    identity: Identity, databases: Databases, options: str, fault: str
) -> None:
    await run(identity, APP)
    before = await row(databases)
    with pytest.raises(Invalid) as refusal:
        await run(identity, f"clients change app {options}")
    assert refusal.value.advice.startswith(fault)
    assert await row(databases) == before


async def test_change_of_nothing_is_wrong_usage(identity: Identity) -> None:
    with pytest.raises(WrongUsage, match="there is nothing to change"):
        await run(identity, "clients change web")
