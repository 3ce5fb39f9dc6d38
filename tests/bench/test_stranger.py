"""What wrk prints of a stranger's answers, and the table with a column for each case."""

from collections import Counter

from tests.bench.form_load import Answer
from tests.bench.stranger import Results, table
from tests.bench.stranger_load import parse_statuses

PRINTED = """Running 8m test @ http://localhost:8001/oauth/token
  Non-2xx or 3xx responses: 165
status 400: 11
status 429: 111
status 503: 44
"""


def test_statuses_are_read_from_what_the_script_prints() -> None:
    assert parse_statuses(PRINTED) == Counter({400: 11, 429: 111, 503: 44})
    assert parse_statuses("Running 8m test") == Counter()


def test_the_table_has_a_column_for_each_case() -> None:
    alone = Results([Answer(200, 500.0), Answer(200, 700.0)])
    crowded = Results([Answer(200, 1000.0), Answer(503, 90.0)], Counter({429: 1234, 400: 60}), 60)
    rows = [row.strip("|").split(" | ") for row in table({"alone": alone, "crowded": crowded}).split("\n")]
    assert [[cell.strip() for cell in row] for row in rows[2:]] == [
        ["honest sign-ins that succeeded", "2 of 2", "1 of 2"],
        ["median, s", "0.60", "0.55"],
        ["slowest, s", "0.70", "1.00"],
        ["hashes that the stranger cost", "0", "60"],
        ["answers to the stranger", "–", "60 × 400, 1,234 × 429"],
    ]
