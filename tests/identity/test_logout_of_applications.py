"""What applications hear of a sign-out, from the first request to the last logout token."""

from pathlib import Path

from tests.identity.answers import claims_of
from tests.identity.authorizing import Application, application, tokens_by_code
from tests.identity.browsing import browsing
from tests.identity.hook import Hook, hook
from tests.identity.logging_out import add_client, jobs, no_jobs, sids_at, tokens_at, verified
from tests.identity.test_letters_of_killed_processes import killed_process
from tests.identity.test_logout_delivery import end_session
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, POSTS_URL, Identity
from tests.support.waiting import until

NO_LEASE = "UPDATE identity.jobs SET leased_until = now() WHERE kind = 'logout'"


async def app_at(identity: Identity, app_id: str, endpoint: Hook) -> Application:
    return await application(
        identity,
        app_id,
        scopes=["openid", "posts:write"],
        audiences=[POSTS_URL, IDENTITY_URL],
        backchannel_logout_uri=endpoint.url,
    )


async def test_signing_out_at_one_application_reports_its_own_session_to_each_that_has_one(
    identity: Identity, databases: Databases
) -> None:
    async with browsing(identity, "ada") as browser, hook(after=200) as one, hook(after=200) as two:
        apps = [await app_at(identity, "one", one), await app_at(identity, "two", two)]
        async with hook(after=200) as unused:
            await app_at(identity, "unused", unused)
            id_tokens = [
                (await tokens_by_code(browser, identity, app, scope="openid", resource=IDENTITY_URL))["id_token"]
                for app in apps
            ]
            await browser.http.get("/oauth/logout", params={"id_token_hint": id_tokens[0]})
            assert not await browser.is_signed_on()
            await until(lambda: no_jobs(databases))
        for app, endpoint, id_token in zip(apps, (one, two), id_tokens, strict=True):
            (token,) = tokens_at(endpoint)
            claims = await verified(identity, token, app.id)
            own = claims_of(id_token)
            assert (claims["sid"], claims["sub"]) == (own["sid"], own["sub"])
    assert unused.tokens == []


async def test_logout_token_outlives_the_process_that_was_to_send_it(
    clean_databases: Databases, tmp_path: Path
) -> None:
    settings = {"push_networks": "127.0.0.0/8", "email_verification": "optional"}
    async with hook(after=200, seconds=5) as endpoint:
        async with services.identity(clean_databases) as identity:
            identity.parts.job_worker.stop()
            await identity.register("ada")
            await add_client(identity, clean_databases, "notes", endpoint.url)
            sid = await end_session(identity)
        with killed_process(clean_databases, settings, tmp_path / "log") as child:
            await until(lambda: len(endpoint.tokens) == 1, child.log_tail)
        assert [row["attempts"] for row in await jobs(clean_databases)] == [1]
        endpoint.seconds = 0
        await clean_databases.execute("identity_owner", NO_LEASE)
        async with services.identity(clean_databases):
            await until(lambda: no_jobs(clean_databases))
    assert sids_at(endpoint) == [sid, sid]
