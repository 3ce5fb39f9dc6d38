"""What is in the wheel, and what it says of itself."""

import email
import zipfile
from pathlib import Path

import watchword
from tests.wheel.environments import ROOT


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_wheel_holds_every_module_of_the_library_and_nothing_else(wheel: Path) -> None:
    library = ROOT / "shared"
    files = {str(path.relative_to(library)) for path in (library / "watchword").rglob("*") if path.is_file()}
    expected = {name for name in files if "__pycache__" not in name}
    packed = {name for name in names_in(wheel) if ".dist-info/" not in name}
    assert packed == expected
    assert "watchword/py.typed" in packed


def test_wheel_is_described_by_the_library_s_readme_and_has_its_version_and_licence(wheel: Path) -> None:
    folder = f"watchword-{watchword.__version__}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        metadata = email.message_from_bytes(archive.read(f"{folder}/METADATA"))
        licence = archive.read(f"{folder}/licenses/LICENSE").decode()
    assert metadata["Version"] == watchword.__version__
    description = metadata.get_payload(decode=True)
    assert isinstance(description, bytes)
    assert description.decode().strip() == (ROOT / "shared/README.md").read_text().strip()
    assert licence == (ROOT / "LICENSE").read_text()


def test_every_dependency_has_a_lower_bound(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (path,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = email.message_from_bytes(archive.read(path))
    requirements = metadata.get_all("Requires-Dist") or []
    # The extra of FastAPI is bounded by FastAPI itself.
    unbounded = [text for text in requirements if ">=" not in text and not text.startswith("fastapi[")]
    assert (len(requirements) > 10, unbounded) == (True, [])


def test_an_sdist_is_built_too(dist: Path) -> None:
    assert [path.name for path in dist.glob("*.tar.gz")] == [f"watchword-{watchword.__version__}.tar.gz"]
