"""Streams of posts and WebSockets of another service end with a sign-out at identity. `make soak` does more of it."""

from pathlib import Path

from tests.soak.open_connections import Size, soak


def test_exactly_the_connections_of_those_who_sign_out_end_and_churn_leaves_nothing(tmp_path: Path) -> None:
    findings = soak(tmp_path, Size(streams=50, sockets=50, people=10, sign_outs=5, churn_seconds=20))
    assert len(findings.milliseconds) == 50
    assert (findings.not_ended, findings.ended_wrongly, findings.not_told) == (0, 0, 0)
    assert findings.came_and_went > 100
    assert findings.left == {}
