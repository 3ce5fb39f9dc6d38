"""Devices in plain words."""

import pytest

from identity_service.user_agents import device_name

KHTML = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "program", "system"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox", "Linux"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {KHTML} Chrome/140.0 Safari/537.36", "Chrome", "Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0) {KHTML} Chrome/140.0 Safari/537.36 Edg/140.0", "Edge", "Windows"),
        (f"Mozilla/5.0 (Linux; Android 15; K) {KHTML} Chrome/140.0 Mobile Safari/537.36", "Chrome", "Android"),
        (f"Mozilla/5.0 (X11; Linux x86_64) {KHTML} HeadlessChrome/140.0 Safari/537.36", "Chrome", "Linux"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 16181) {KHTML} Chrome/140.0 Safari/537.36", "Chrome", "ChromeOS"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15", "Safari", "macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) FxiOS/140.0 Safari/605.1.15", "Firefox", "iPhone"),
        ("Mozilla/5.0 (Haiku)", None, None),
        ("python-httpx/0.28.1", "python-httpx", None),
        ("curl/8.5.0 something", "curl", None),
        ("x" * 200, "x" * 40, None),
        ("\x1b[31mred", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_a_device_has_the_name_of_its_program_and_its_system(
    user_agent: str | None, program: str | None, system: str | None
) -> None:
    assert device_name(user_agent) == (program, system)
