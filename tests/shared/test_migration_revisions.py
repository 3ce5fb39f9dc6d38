"""The revisions of a service are read without Alembic, which a running service does not need."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

import identity_service.schema
import posts_service.parts
from watchword.database.migrations import Migrations
from watchword.database.migrations.revisions import read_chain

ROOT = Path(__file__).parents[2]


def write(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.py").write_text(text)


@pytest.mark.parametrize("migrations", [identity_service.schema.MIGRATIONS, posts_service.parts.MIGRATIONS])
def test_revisions_are_those_that_alembic_reads_in_the_same_order(migrations: Migrations) -> None:
    scripts = ScriptDirectory.from_config(migrations.config(""))
    assert read_chain(Path(scripts.versions)) == [script.revision for script in scripts.walk_revisions()]


def test_revision_may_be_annotated_and_its_name_may_say_nothing_of_its_place(tmp_path: Path) -> None:
    write(tmp_path, "a", 'revision: str = "late"\ndown_revision: str | None = "early"\n')
    write(tmp_path, "b", 'revision: str = "early"\ndown_revision: str | None = None\n')
    write(tmp_path, "__init__", "")
    assert read_chain(tmp_path) == ["late", "early"]


@pytest.mark.parametrize(
    "other",
    [
        'revision = "2b"\ndown_revision = "1"\n',
        'revision = "3"\ndown_revision = ("2", "1")\n',
        'revision = "3"\ndown_revision = "lost"\n',
        'revision = str(3)\ndown_revision = "2"\n',
        'revision = "3"\n',
        "revision = 3\ndown_revision = 2\n",
        "",
    ],
)
def test_anything_but_a_single_chain_of_texts_is_left_to_alembic(tmp_path: Path, other: str) -> None:
    write(tmp_path, "1", 'revision = "1"\ndown_revision = None\n')
    write(tmp_path, "2", 'revision = "2"\ndown_revision = "1"\n')
    assert read_chain(tmp_path) == ["2", "1"]
    write(tmp_path, "other", other)
    assert read_chain(tmp_path) is None


def test_branches_are_known_as_alembic_reads_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    versions = tmp_path / "branched_service" / "migrations" / "versions"
    versions.mkdir(parents=True)
    write(tmp_path / "branched_service", "__init__", "")
    for revision, previous in (("1", "None"), ("2a", "'1'"), ("2b", "'1'"), ("3", "('2a', '2b')")):
        write(versions, f"r{revision}", f"revision = '{revision}'\ndown_revision = {previous}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    Migrations("branched_service", "branched", identity_service.schema.MIGRATIONS.metadata).ensure_at_head(["3"])


each_module = pytest.mark.parametrize(
    ("service", "module"), [("identity_service", "identity_service.schema"), ("posts_service", "posts_service.parts")]
)


@each_module
def test_module_of_the_migrations_brings_every_table_with_it(service: str, module: str) -> None:
    """The module alone: in this process, others have imported the tables that it leaves out."""
    program = (
        f"import {module} as module; tables = module.MIGRATIONS.metadata.tables; before = set(tables);"
        f"import {service}.app; assert before == tables.keys(), tables.keys() - before"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


@each_module
def test_a_running_service_does_not_import_alembic(service: str, module: str) -> None:
    program = (
        f"import sys, {service}.app, {module} as module;"
        f"module.MIGRATIONS.ensure_at_head([module.MIGRATIONS._known[0]]);"
        "sys.exit('alembic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
