"""The description of the machine and of the versions that were measured."""

from pathlib import Path

import pytest

from tests.bench.machine import cpu_model, pinned
from tests.bench.peers.environments import ROOT


def test_the_model_is_the_one_that_the_kernel_names(tmp_path: Path) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text("processor\t: 0\nmodel\t\t: 1\nmodel name\t: AMD EPYC\n\nprocessor\t: 1\nmodel name\t: AMD EPYC\n")
    assert cpu_model(file) == "AMD EPYC"


def test_a_machine_whose_kernel_names_no_model_has_its_architecture(tmp_path: Path) -> None:
    assert cpu_model(tmp_path / "missing")


def test_the_versions_of_the_peers_are_those_that_are_pinned() -> None:
    requirements = "fastapi==0.1 \\\n    --hash=sha256:ab\nfastapi-users[sqlalchemy]==15.0.5 \\\n"
    assert pinned(requirements, ("fastapi-users", "fastapi")) == ["fastapi-users 15.0.5", "fastapi 0.1"]


def test_every_peer_is_pinned() -> None:
    assert all(pinned((ROOT / "requirements" / "bench.txt").read_text()))


def test_a_package_that_is_not_pinned_is_an_error() -> None:
    with pytest.raises(KeyError):
        pinned("fastapi==0.1\n", ("sqlalchemy",))
