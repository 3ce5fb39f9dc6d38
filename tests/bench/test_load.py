"""What is read from the output of wrk."""

import math

import pytest

from tests.bench.load import parse_rate

OUTPUT = """\
Running 4s test @ http://127.0.0.1:8002/posts
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    17.06ms    5.10ms  61.55ms   88.89%
    Req/Sec     1.89k   217.98     2.21k    72.50%
  Latency Distribution
     50%  {p50}
     75%   17.80ms
     90%   22.03ms
     99%  {p99}
  {answered} requests in 4.00s, 7.51MB read
{failures}Requests/sec:   {rate}
Transfer/sec:      1.87MB
"""


def output(
    p50: str = "16.01ms", p99: str = "39.55ms", answered: int = 7563, failures: str = "", rate: str = "1890.20"
) -> str:
    return OUTPUT.format(p50=p50, p99=p99, answered=answered, failures=failures, rate=rate)


def test_a_usual_output_has_a_rate_latencies_and_no_failure() -> None:
    rate = parse_rate(output())
    assert (rate.per_second, rate.p50, rate.p99, rate.failed, rate.answered) == (1890.2, 16.01, 39.55, 0, 7563)


@pytest.mark.parametrize(
    ("text", "milliseconds"), [("850.00us", 0.85), ("2.00ms", 2.0), ("1.50s", 1500.0), ("1.00m", 60_000.0)]
)
def test_latencies_are_milliseconds_in_whatever_unit_they_are_printed(text: str, milliseconds: float) -> None:
    assert parse_rate(output(p99=text)).p99 == pytest.approx(milliseconds)


def test_refusals_and_broken_connections_are_failures() -> None:
    failures = "  Socket errors: connect 1, read 20, write 300, timeout 4000\n  Non-2xx or 3xx responses: 50000\n"
    assert parse_rate(output(failures=failures)).failed == 54_321


def test_a_server_that_answers_nothing_has_infinite_latencies() -> None:
    rate = parse_rate(output(p50="0.00us", p99="0.00us", answered=0, rate="0.00"))
    assert (rate.per_second, rate.answered) == (0.0, 0)
    assert rate.p50 == rate.p99 == math.inf
