"""What `make bench` prints, stores and ends with."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from docs import performance_page
from tests.bench.__main__ import main
from tests.bench.effort import FULL, TRIAL, Effort
from tests.bench.measurements import MEASUREMENTS
from tests.bench.section import Budget, Section
from tests.support.needed import need


@pytest.fixture
def efforts(monkeypatch: pytest.MonkeyPatch) -> list[Effort]:
    """Three measurements that take no time: one within its budget, one beyond it, one that fails. Each that runs leaves
    its effort here."""
    need(shutil.which("wrk"), "wrk is needed; on Debian: apt install wrk")
    efforts: list[Effort] = []

    def measurement(value: float) -> Callable[[Path, Effort], Section]:
        def measure(_: Path, effort: Effort) -> Section:
            efforts.append(effort)
            assert value > 0, "nothing could be measured"
            text = "| a table |\n\n![A plot](plot.svg)"
            return Section(text, [Budget("a time", value, most=2.0)], {"plot.svg": "<svg/>"})

        return measure

    for name, value in {"within": 1.0, "beyond": 3.0, "failing": 0.0}.items():
        monkeypatch.setitem(MEASUREMENTS, name, measurement(value))
    return efforts


@pytest.fixture
def docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a template that has places for two of them."""
    (tmp_path / "measured").mkdir()
    (tmp_path / "template.md").write_text("# Title\n\n## within\n\n{{ within }}\n\n## beyond\n\n{{ beyond }}\n")
    monkeypatch.setattr(performance_page, "MEASURED", tmp_path / "measured")
    monkeypatch.setattr(performance_page, "TEMPLATE", tmp_path / "template.md")
    monkeypatch.setattr(performance_page, "PAGE", tmp_path / "page.md")
    return tmp_path


@pytest.mark.parametrize(
    ("names", "status"), [(["within"], 0), (["beyond"], 1), (["failing"], 1), (["beyond", "within"], 1)]
)
@pytest.mark.usefixtures("efforts")
def test_a_missed_budget_and_a_failure_are_the_exit_status(names: list[str], status: int) -> None:
    assert main(names) == status


@pytest.mark.usefixtures("efforts")
def test_what_comes_after_a_failure_is_measured_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["failing", "within"]) == 1
    printed = capsys.readouterr().out
    assert "failing has failed" in printed
    assert "- a time: 1; budget at most 2: holds" in printed


@pytest.mark.usefixtures("efforts")
def test_nothing_is_stored_unless_it_is_asked_for(docs: Path) -> None:
    main(["within"])
    assert list((docs / "measured").iterdir()) == []


@pytest.mark.usefixtures("efforts")
def test_what_is_printed_is_stored_with_the_machine_and_the_page_is_made(
    docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--write", "beyond"]) == 1
    stored = (docs / "measured" / "beyond.md").read_text()
    printed = capsys.readouterr().out.removeprefix("\n## beyond\n\n")
    assert stored.startswith(printed)
    assert stored.removeprefix(printed).startswith("\nMeasured on ")
    assert (docs / "measured" / "plot.svg").read_text() == "<svg/>"
    page = (docs / "page.md").read_text()
    assert page.startswith("# Title\n\n## beyond\n\n| a table |\n\n![A plot](measured/plot.svg)\n")
    assert "## within" not in page


@pytest.mark.usefixtures("efforts")
def test_what_fails_is_not_stored(docs: Path) -> None:
    main(["--write", "failing"])
    assert list((docs / "measured").iterdir()) == []


def test_a_trial_is_short_and_is_not_stored(efforts: list[Effort]) -> None:
    main(["--trial", "within"])
    main(["within"])
    assert efforts == [TRIAL, FULL]
    with pytest.raises(SystemExit):
        main(["--trial", "--write", "within"])


def test_an_unknown_name_is_refused_before_anything_runs(efforts: list[Effort]) -> None:
    with pytest.raises(SystemExit):
        main(["within", "unknown"])
    assert efforts == []
