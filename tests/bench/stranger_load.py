"""One stranger who sends wrong passwords over many connections as fast as they are answered, and the honest people."""

import re
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

from tests.bench.form_load import FORM_FIELDS, TIMEOUT_SECONDS, Answer, exchange
from tests.bench.load import GRACE_SECONDS, LUA
from tests.bench.tokens import password_form

CONNECTIONS, AT_ONCE = 90, 4
STRANGER = "192.0.2.66"
LONGEST_SECONDS = 500


@contextmanager
def stranger(identity: str, people: int) -> Iterator[Counter[int]]:
    """Wrong passwords of so many people, from one address, during the block. What is yielded has, after the block, how
    often each status was answered."""
    answers: Counter[int] = Counter()
    body = urlencode({**password_form("person{n}"), "password": "a wrong password"}, safe="{}")
    script = ["-s", str(LUA / "stranger.lua"), f"{identity}/oauth/token", "--", body, str(people), STRANGER]
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{LONGEST_SECONDS}s", "--timeout", "60s", *script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as wrk:
        try:
            yield answers
        finally:
            # It stops, and prints what it has counted.
            wrk.send_signal(signal.SIGINT)
            output, _ = wrk.communicate(timeout=GRACE_SECONDS)
    answers.update(parse_statuses(output))


def parse_statuses(output: str) -> Counter[int]:
    """How often each status was answered, as the script prints it."""
    return Counter({int(status): int(count) for status, count in re.findall(r"^status (\d+): (\d+)$", output, re.M)})


def sign_in_each(identity: str, people: int) -> Sequence[Answer]:
    """Each of so many people signs in, some at a time, each on a connection of their own. The proxy in front says that
    everybody comes from another address."""

    def sign_in(number: int) -> Answer:
        fields = {**FORM_FIELDS, "X-Forwarded-For": f"198.51.100.{number}"}
        body = urlencode(password_form(f"person{number}"))
        with closing(HTTPConnection(urlsplit(identity).netloc, timeout=TIMEOUT_SECONDS)) as connection:
            return exchange(connection, "POST", "/oauth/token", body, fields)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(sign_in, range(1, people + 1)))
