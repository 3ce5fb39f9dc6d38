"""Tokens of many sessions, as lines of a file for the scripts of wrk."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

from tests.support.services import PASSWORD

AT_ONCE = 8


def password_form(username: str = "ada") -> dict[str, str]:
    return {"grant_type": "password", "username": username, "password": PASSWORD}


def sign_in_often(identity: str, usernames: Sequence[str], member: str) -> list[str]:
    """Sign each of these people in, and return this member of the answers."""
    return asyncio.run(_post_all(f"{identity}/oauth/token", [password_form(name) for name in usernames], member))


def begin_chains(limit: str, count: int) -> list[str]:
    """Refresh tokens of the limit that refreshing is compared with."""
    return asyncio.run(_post_all(f"{limit}/start", [{}] * count, "refresh_token"))


def write_lines(path: Path, tokens: Sequence[str]) -> Path:
    path.write_text("\n".join(tokens) + "\n")
    return path


async def _post_all(url: str, forms: Sequence[Mapping[str, str]], member: str) -> list[str]:
    turn = asyncio.Semaphore(AT_ONCE)

    async def post(form: Mapping[str, str]) -> str:
        async with turn:
            answer = await http.post(url, data=form)
        return str(answer.raise_for_status().json()[member])

    async with httpx.AsyncClient(timeout=60, trust_env=False) as http:
        return list(await asyncio.gather(*map(post, forms)))
