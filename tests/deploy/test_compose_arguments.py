"""`make up` refuses numbers of replicas that no stack can have, before it does anything."""

import pytest

from deploy.compose.__main__ import main


@pytest.mark.parametrize("number", ["0", "-1", "two", "1.5", "", "101", "1_0"])
def test_a_number_of_replicas_that_cannot_be_is_refused(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["up", f"--posts={number}"])
    assert end.value.code == 2
    assert "is no number of replicas: write 1 to 100" in capsys.readouterr().err
