"""What applications hear of a sign-out, from the first request to the last logout token."""

from pathlib import Path

from tests.identity.hook import hook
from tests.identity.logging_out import add_client, jobs, no_jobs, sids_at
from tests.identity.test_letters_of_killed_processes import killed_process
from tests.identity.test_logout_delivery import end_session
from tests.support import services
from tests.support.databases import Databases
from tests.support.waiting import until

NO_LEASE = "UPDATE identity.jobs SET leased_until = now() WHERE kind = 'logout'"


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
