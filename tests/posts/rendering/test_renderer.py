"""Texts are rendered in processes of their own: no text keeps the service busy, and none makes others wait for long."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Hashable
from contextlib import suppress
from pathlib import Path

import pytest

from posts_service.errors import RenderingBusy, TooHardToRender
from posts_service.rendering import process
from posts_service.rendering.lane import Lane
from posts_service.rendering.markdown import render
from posts_service.rendering.plain import plain_paragraphs
from posts_service.rendering.renderer import SHORT, Renderer
from tests.posts.people import Person
from tests.posts.rendering.html import ensure_safe
from tests.support.metrics import scrape
from tests.support.services import Posts
from tests.support.waiting import until

# The lexer of this language needs a second for 2 kB of lines of one letter.
HARD = "```cs\n" + "a\n" * 2_000 + "```"
LONG = "*a* " * 2_000
VERY_HARD = "*a*\n" + HARD * 3


@pytest.fixture
async def renderer() -> AsyncIterator[Renderer]:
    renderer = Renderer(short_cpu_seconds=0.25, long_cpu_seconds=0.75)
    yield renderer
    await renderer.close()


@pytest.fixture
async def lane() -> AsyncIterator[Lane]:
    """A short queue whose worker has been started and stands still."""
    lane = Lane(cpu_seconds=1, places=2)
    await lane.render("*a*", None)
    send(lane, signal.SIGSTOP)
    yield lane
    await lane.close()


def send(lane: Lane, number: signal.Signals) -> None:
    assert lane.pid is not None
    os.kill(lane.pid, number)


def is_running(pid: int | None) -> bool:
    """Whether there is such a process, and it is not a zombie."""
    # The second: it is reaped between opening the file and reading it.
    with suppress(FileNotFoundError, ProcessLookupError):
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    return False


async def full(lane: Lane, owner: str | None) -> list[asyncio.Task[str]]:
    """Have one text rendered, and two wait."""
    tasks = [asyncio.create_task(lane.render("*a*", owner)) for _ in range(2)]
    await until(lambda: len(lane) == 1)
    tasks.append(asyncio.create_task(lane.render("*a*", owner)))
    await until(lambda: len(lane) == 2)
    return tasks


async def test_every_text_gets_its_own_html(renderer: Renderer) -> None:
    texts = [f"*{number}* \ud800" + " [a](https://a.example)" * (number * 10) for number in range(40)] + [LONG, ""]
    html = await asyncio.gather(*(renderer.render(text) for text in texts))
    assert html == [render(text) for text in texts]
    assert len(texts[0]) < SHORT < len(texts[20])
    assert renderer.outcomes == {"rendered": 41, "plain": 1, "too_hard": 0, "busy": 0}


async def test_text_without_markup_needs_no_process(renderer: Renderer) -> None:
    text = "One paragraph.\nIts second line.\n\nAnother one: 5 > 3, isn't it? " * 200
    assert await renderer.render(text) == plain_paragraphs(text)
    assert (renderer.short.pid, renderer.long.pid) == (None, None)


async def test_a_text_that_takes_too_long_is_refused_and_others_are_rendered(renderer: Renderer) -> None:
    await renderer.render("*a*")
    first = renderer.short.pid
    hard, *others = await asyncio.gather(*map(renderer.render, [HARD, "*b*", "*c*"]), return_exceptions=True)
    assert isinstance(hard, TooHardToRender)
    assert others == ["<p><em>b</em></p>", "<p><em>c</em></p>"]
    assert renderer.short.pid != first
    assert not is_running(first)
    assert renderer.outcomes == {"rendered": 3, "plain": 0, "too_hard": 1, "busy": 0}


async def test_short_texts_do_not_wait_for_long_ones(renderer: Renderer) -> None:
    long = asyncio.create_task(renderer.render(VERY_HARD))
    await until(lambda: renderer.long.pid is not None)
    for _ in range(3):
        await renderer.render("*a*")
    assert not long.done()
    with pytest.raises(TooHardToRender):
        await long


async def test_a_request_that_is_cancelled_leaves_the_answers_to_the_others(lane: Lane) -> None:
    tasks = [asyncio.create_task(lane.render(f"*{number}*", None)) for number in range(2)]
    await until(lambda: len(lane) == 1)
    tasks.append(asyncio.create_task(lane.render("*2*", None)))
    await until(lambda: len(lane) == 2)
    tasks[0].cancel()
    tasks[1].cancel()
    send(lane, signal.SIGCONT)
    assert await tasks[2] == "<p><em>2</em></p>"
    assert await lane.render("*next*", None) == "<p><em>next</em></p>"


async def test_more_texts_than_places_are_refused_until_others_are_done(lane: Lane) -> None:
    tasks = await full(lane, None)
    with pytest.raises(RenderingBusy) as refusal:
        await lane.render("*one more*", None)
    assert refusal.value.headers() == {"Retry-After": "2"}
    send(lane, signal.SIGCONT)
    assert await asyncio.gather(*tasks) == ["<p><em>a</em></p>"] * 3
    assert await lane.render("*one more*", None)


async def test_whoever_fills_the_queue_loses_a_place_to_somebody_with_fewer(lane: Lane) -> None:
    tasks = await full(lane, "ada")
    other = asyncio.create_task(lane.render("*b*", "bob"))
    with pytest.raises(RenderingBusy, match="another writer"):
        await tasks[2]
    # Each has one place now: neither has more right to the other's.
    for owner in ("ada", "bob", "cleo"):
        with pytest.raises(RenderingBusy, match="every place"):
            await lane.render("*c*", owner)
    send(lane, signal.SIGCONT)
    assert await asyncio.gather(*tasks[:2], other) == ["<p><em>a</em></p>"] * 2 + ["<p><em>b</em></p>"]


async def test_a_request_that_is_cancelled_leaves_its_place(lane: Lane) -> None:
    tasks = await full(lane, None)
    for task in tasks[1:]:
        task.cancel()
    await asyncio.wait(tasks[1:])
    assert len(lane) == 0
    tasks[1:] = [asyncio.create_task(lane.render("*b*", None)) for _ in range(2)]
    await until(lambda: len(lane) == 2)
    send(lane, signal.SIGCONT)
    assert await asyncio.gather(*tasks) == ["<p><em>a</em></p>"] + ["<p><em>b</em></p>"] * 2


async def test_a_text_that_has_waited_for_too_long_is_refused() -> None:
    lane = Lane(cpu_seconds=1, places=2, max_wait_seconds=0)
    with pytest.raises(RenderingBusy):
        await lane.render("*a*", None)
    await lane.close()


async def test_a_worker_that_was_killed_is_replaced_and_its_text_rendered(lane: Lane) -> None:
    killed = lane.pid
    tasks = [asyncio.create_task(lane.render("*a*", None)) for _ in range(2)]
    await until(lambda: len(lane) == 1)
    send(lane, signal.SIGKILL)
    assert await asyncio.gather(*tasks) == ["<p><em>a</em></p>"] * 2
    assert lane.pid != killed
    send(lane, signal.SIGKILL)
    await until(lambda: not is_running(lane.pid))
    assert await lane.render("*b*", None) == "<p><em>b</em></p>"


async def test_a_worker_that_does_not_answer_is_replaced(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(process, "ANSWER_SECONDS", 0.1)
        with pytest.raises(RenderingBusy):
            await lane.render("*a*", None)
    assert await lane.render("*a*", None) == "<p><em>a</em></p>"


async def test_a_worker_that_cannot_start_is_tried_again(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    send(lane, signal.SIGKILL)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/nonexistent")
        with pytest.raises(RenderingBusy):
            await lane.render("*a*", None)
    with monkeypatch.context() as patch:
        patch.setattr(process, "WORKER", "posts_service.rendering.nonexistent")
        with pytest.raises(RenderingBusy):
            await lane.render("*a*", None)
    assert await lane.render("*a*", None) == "<p><em>a</em></p>"


async def test_closing_ends_the_worker_and_refuses_what_waits(lane: Lane) -> None:
    pid = lane.pid
    tasks = [asyncio.create_task(lane.render("*a*", None)) for _ in range(2)]
    await until(lambda: len(lane) == 1)
    await lane.close()
    for task in tasks:
        with pytest.raises(RenderingBusy):
            await task
    assert not is_running(pid)
    with pytest.raises(RenderingBusy):
        await lane.render("*a*", None)


async def test_a_worker_has_few_rights_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTS_CLIENT_SECRET", "a secret")
    lane = Lane(cpu_seconds=1, places=2)
    await lane.render("*a*", None)
    folder = Path(f"/proc/{lane.pid}")
    limits = (folder / "limits").read_text()
    assert [line.split()[-3] for line in limits.splitlines() if "address space" in line] == [str(192 * 1024 * 1024)]
    assert (folder / "oom_score_adj").read_text().strip() == "1000"
    assert b"SECRET" not in (folder / "environ").read_bytes()
    assert lane.pid is not None
    assert os.getpriority(os.PRIO_PROCESS, lane.pid) > os.getpriority(os.PRIO_PROCESS, 0)
    await lane.close()


async def test_a_worker_ends_with_a_service_that_was_killed() -> None:
    program = """
import asyncio
from posts_service.rendering.lane import Lane

async def main():
    lane = Lane(cpu_seconds=1, places=1)
    await lane.render("*a*", None)
    print(lane.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""
    service = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    assert service.stdout is not None
    worker = int(await service.stdout.readline())
    assert is_running(worker)
    service.kill()
    await service.wait()
    await until(lambda: not is_running(worker))


async def test_metrics_show_what_became_of_texts(posts: Posts) -> None:
    renderer = posts.parts.renderer
    ensure_safe(await renderer.render("*a*"))
    await renderer.render("a")
    metrics = await scrape(posts.http)
    outcomes = {outcome: metrics("watchword_texts_total", outcome=outcome) for outcome in renderer.outcomes}
    assert outcomes == {"rendered": 1, "plain": 1, "too_hard": 0, "busy": 0}
    assert metrics("watchword_rendering_seconds_count") == 1
    assert metrics("watchword_texts_waiting") == 0


async def test_the_posts_and_the_comments_of_a_person_wait_in_one_line(
    posts: Posts, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    owners, render = [], posts.parts.renderer.render

    async def note_owner(markdown: str, *, owner: Hashable) -> str:
        owners.append(owner)
        return await render(markdown, owner=owner)

    monkeypatch.setattr(posts.parts.renderer, "render", note_owner)
    post = await posts.publish(ada.headers)
    url, change = f"/posts/{post['id']}", {"body": "Another"}
    await posts.http.patch(url, json=change, headers=ada.headers)
    await posts.http.post(f"{url}/versions/1/restore", headers=ada.headers)
    await posts.http.post(f"{url}/comments", json=change, headers=ada.headers)
    assert owners == [ada.id] * 4
