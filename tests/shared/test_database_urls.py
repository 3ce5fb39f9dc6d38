"""A database URL is read as libpq reads it: each option is obeyed by every connection, or refused by name."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from sqlalchemy import func, select

from posts_service.parts import MIGRATIONS
from posts_service.settings import PostsMigrationSettings
from tests.shared.tables import read, transact
from tests.support.databases import DATABASE, Databases
from tests.support.fresh import Fresh
from tests.support.ports import held_port
from watchword.database import Database, DatabaseUnavailable
from watchword.database.address import connect_arguments
from watchword.database.connections import connect, dedicated_connection
from watchword.service import load

SECRET = "hunter2"
LOGIN = f"postgresql://posts_app:{SECRET}"
NAME = select(func.current_setting("application_name").label("value"))


async def names_of_connections(url: str) -> list[str]:
    """What each way into the database gives as the name of its connection."""
    database = Database(url, size=1)
    try:
        rows = [*await transact(database, NAME), *await read(database, NAME)]
        async with dedicated_connection(url) as (connection, _):
            names = [await connection.fetchval("SELECT current_setting('application_name')")]
    finally:
        await database.close()
    return [*(row["value"] for row in rows), *names]


@asynccontextmanager
async def unix_socket(databases: Databases, folder: Path) -> AsyncIterator[None]:
    """A socket in this folder that leads to the server, which has none itself."""

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection("127.0.0.1", databases.server.port)
        await asyncio.gather(copy(reader, to_server), copy(from_server, writer))

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                writer.write(data)
        writer.close()

    server = await asyncio.start_unix_server(pass_on, folder / ".s.PGSQL.5432")
    try:
        yield
    finally:
        server.close()


@pytest.mark.parametrize(
    "written",
    [
        "postgresql://{role}:{password}@{host}:{port}/{database}?application_name=a%20b",
        "postgres://{role}:{password}@{host}:{port}/{database}?application_name=a%20b",
        "postgresql+asyncpg://{role}:{password}@{host}:{port}/{database}?application_name=a%20b",
        "postgresql:///{database}?user={role}&password={password}&host={host}&port={port}&application_name=a%20b",
        "postgresql://{role}@/?password={password}&host={host}:{port}&dbname={database}&application_name=a%20b",
        "postgresql://{role}:{password}@{host}:1,{host}:{port}/{database}?application_name=a%20b&connect_timeout=30",
        "postgresql://{role}:{password}@{host}:{port}/{database}?options=-c%20application_name%3Da%5C%20b",
        "postgresql://{role}:{password}@{host}:{port}/{database}?target_session_attrs=read-write&application_name=a%20b",
        "  postgresql://{role}:{password}@{host}:{port}/{database}?application_name=a%20b\n",
    ],
)
async def test_every_way_connects_however_the_url_is_written(databases: Databases, written: str) -> None:
    url = written.format(
        role="posts_app",
        password=databases.passwords["posts_app"],
        host="127.0.0.1",
        port=databases.server.port,
        database=DATABASE,
    )
    assert await names_of_connections(url) == ["a b"] * 3


async def test_every_way_connects_to_a_unix_socket(databases: Databases, tmp_path: Path) -> None:
    login = f"postgresql://posts_app:{databases.passwords['posts_app']}@"
    async with unix_socket(databases, tmp_path):
        for url in (f"{login}/{DATABASE}?host={tmp_path}&", f"{login}{quote(str(tmp_path), safe='')}/{DATABASE}?"):
            assert await names_of_connections(f"{url}application_name=x") == ["x"] * 3


async def test_every_way_knows_the_password_from_a_file(databases: Databases, tmp_path: Path) -> None:
    file = tmp_path / "passwords"
    file.write_text(f"*:*:*:posts_app:{databases.passwords['posts_app']}\n")
    file.chmod(0o600)
    url = f"postgresql://posts_app@127.0.0.1:{databases.server.port}/{DATABASE}?passfile={file}&application_name=x"
    assert await names_of_connections(url) == ["x"] * 3


@pytest.mark.parametrize("password", ["a@b:c/d?e#f%g+h", "ä€ß", " x ", "%41", "a&b=c"])
async def test_a_password_of_special_characters_is_the_same_for_every_way(databases: Databases, password: str) -> None:
    fresh = Fresh(databases)
    role = f"role_{fresh.name}"
    create = f"CREATE ROLE {role} LOGIN PASSWORD :'password'; GRANT CONNECT ON DATABASE {fresh.name} TO {role}"
    databases.server.psql(fresh.name, create, {"password": password})
    server = f"127.0.0.1:{databases.server.port}/{fresh.name}?application_name=x"
    try:
        assert await names_of_connections(f"postgresql://{role}:{quote(password, safe='')}@{server}") == ["x"] * 3
        with_option = f"postgresql://{role}@{server}&password={quote(password, safe='+')}"
        assert await names_of_connections(with_option) == ["x"] * 3
    finally:
        fresh.drop()
        databases.server.psql("postgres", f"DROP ROLE {role}")


async def test_the_time_limit_for_connecting_is_that_of_the_url(databases: Databases) -> None:
    url = databases.url("posts_app")
    with pytest.raises(DatabaseUnavailable):
        await connect(url, timeout=1e-6, command_timeout=None)
    connection = await connect(f"{url}?connect_timeout=30", timeout=1e-6, command_timeout=None)
    await connection.close()


@pytest.mark.parametrize("target", ["any", "read-write", "primary", "prefer-standby"])
async def test_a_host_that_is_silent_does_not_keep_every_way_from_the_next(databases: Databases, target: str) -> None:
    login = f"postgresql://posts_app:{databases.passwords['posts_app']}"
    options = f"connect_timeout=1&target_session_attrs={target}&application_name=x"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port, real = silent.getsockname()[1], databases.server.port
        first = f"{login}@127.0.0.1:{port},127.0.0.1:{real}/{DATABASE}?{options}"
        second = f"{login}@/{DATABASE}?host=127.0.0.1,127.0.0.1&port={port},{real}&{options}"
        names = await asyncio.gather(names_of_connections(first), names_of_connections(second))
    assert list(names) == [["x"] * 3] * 2


def test_a_standby_is_looked_for_at_every_host_before_another_server_is_taken() -> None:
    dsns = connect_arguments("postgresql://posts_app@one,two/db?target_session_attrs=prefer-standby").dsns
    tried = [(urlsplit(dsn).hostname, urlsplit(dsn).query) for dsn in dsns]
    wanted, other = "target_session_attrs=standby", "target_session_attrs=any"
    assert tried == [("one", wanted), ("two", wanted), ("one", other), ("two", other)]


async def test_no_way_connects_to_a_server_of_another_kind(databases: Databases) -> None:
    database = Database(f"{databases.url('posts_app')}?target_session_attrs=standby", size=1)
    for way in (transact, read):
        with pytest.raises(DatabaseUnavailable):
            await way(database, NAME)
    await database.close()


def test_migrate_connects_in_the_same_way(databases: Databases) -> None:
    password, port = databases.passwords["posts_owner"], databases.server.port
    with held_port() as silent:
        MIGRATIONS.upgrade(f"postgres://posts_owner:{password}@127.0.0.1:{silent},127.0.0.1:{port}/{DATABASE}")


WRONG = {
    "?ssl=require": "option ssl, .*write sslmode=require",
    "?foo=bar": "option foo, which is not one of",
    "?statement_timeout=5000": "option statement_timeout, .*options=-c",
    "?sslmode=require&channel_binding=require": "option channel_binding, .*leave it out",
    "?sslmode=yes": "option sslmode must be one of disable",
    "?sslmode=": "option sslmode is empty",
    "?sslmode=require&sslmode=disable": "option sslmode more than once",
    "?sslrootcert=/nowhere/ca.crt&sslmode=require": "option sslrootcert must name a file",
    "?sslmode=verify-full&sslrootcert=system": "option sslrootcert must name a file",
    "?sslmode=verify-full": "sslmode=verify-full needs sslrootcert",
    "?sslrootcert=/etc/passwd": "option sslrootcert has no effect unless",
    "?sslrootcert=/etc/passwd&sslmode=prefer": "option sslrootcert has no effect unless",
    "?sslnegotiation=direct": "sslnegotiation=direct needs sslmode",
    "?ssl_min_protocol_version=SSLv3": "ssl_min_protocol_version must be one of",
    "?target_session_attrs=master": "target_session_attrs must be one of any",
    "?connect_timeout=soon": "option connect_timeout has a value",
    "?connect_timeout=0": "option connect_timeout has a value",
    "?ssl_min_protocol_version=TLSv1.3&ssl_max_protocol_version=TLSv1.2": "ssl_min_protocol_version is above",
    "?port=0": "option port has a value",
    "?port=65536": "option port has a value",
    "?host=other": "says host both",
    "?port=5433": "says port both",
    "?user=other": "says user both",
    "?password=other": "says password both",
    "?dbname=other": "says dbname both",
}


@pytest.fixture
def bare_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No default of libpq's applies."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("PGSSLMODE", "PGSSLROOTCERT"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("bare_home")
@pytest.mark.parametrize(("options", "message"), WRONG.items())
def test_an_option_that_no_connection_would_obey_is_refused_by_name(options: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        Database(f"{LOGIN}@host/db{options}")
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("name", [SECRET, "correct-horse", "x" * 41])
def test_an_option_that_may_be_the_end_of_a_password_is_refused_without_its_name(name: str) -> None:
    with pytest.raises(ValueError, match="an option that is no word, which is not one of") as refused:
        Database(f"{LOGIN}@host/db?{name}=1")
    assert name not in str(refused.value)


@pytest.mark.usefixtures("bare_home")
def test_a_service_does_not_start_with_such_an_option_and_names_the_setting(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POSTS_MIGRATION_DATABASE_URL", f"{LOGIN}@host/db?ssl=require")
    with pytest.raises(SystemExit) as ended:
        load(PostsMigrationSettings)
    said = capsys.readouterr().err
    assert (ended.value.code, said.count("\n")) == (2, 1)
    assert said.startswith("POSTS_MIGRATION_DATABASE_URL is wrong: ")
    assert "option ssl" in said
    assert SECRET not in said


@pytest.mark.usefixtures("bare_home")
def test_a_tls_mode_of_the_environment_counts_as_if_the_url_said_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    connect_arguments(f"{LOGIN}@host/db?sslrootcert=/etc/passwd")
    with pytest.raises(ValueError, match="sslmode=verify-full needs sslrootcert"):
        connect_arguments(f"{LOGIN}@host/db")


@pytest.mark.usefixtures("bare_home")
def test_the_authorities_may_be_named_outside_the_url(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    url = f"{LOGIN}@host/db?sslmode=verify-full"
    connect_arguments(f"{url}&service=main")
    with monkeypatch.context() as environment:
        environment.setenv("PGSSLROOTCERT", "/etc/passwd")
        connect_arguments(url)
    with pytest.raises(ValueError, match="needs sslrootcert"):
        connect_arguments(url)
    (tmp_path / ".postgresql").mkdir()
    (tmp_path / ".postgresql" / "root.crt").touch()
    connect_arguments(url)


def test_several_ports_are_one_for_each_host() -> None:
    several = "postgresql://posts_app@/db?host=one,two,three&port="
    connect_arguments(f"{several}5432")
    connect_arguments(f"{several}1,2,3")
    with pytest.raises(ValueError, match="one port, or one for each host"):
        connect_arguments(f"{several}1,2")


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(ValueError, match=r"foo.*; the option sslmode must be"):
        connect_arguments(f"{LOGIN}@host/db?foo=bar&sslmode=yes")


@pytest.mark.parametrize(
    "url",
    [
        f"{LOGIN}@host",
        f"{LOGIN}@host/",
        f"mysql://posts_app:{SECRET}@host/db",
        f"postgresql://posts_app:p@{SECRET}@host/db",
        f"postgresql://posts_app:p/{SECRET}@host/db",
        f"postgresql://posts_app:p?{SECRET}=1@host/db",
        f"postgresql://posts_app:p?{SECRET}@host/db",
        f"postgresql://posts_app:p#{SECRET}@host/db",
        f"postgresql://posts_app:p[{SECRET}@host/db",
        f"postgresql://posts_app:{SECRET}\x00@host/db",
        f"postgresql://posts_app:{SECRET}\udcff@host/db",
        f"postgresql://posts_app:{SECRET}%00@host/db",
        f"postgresql://posts_app:{SECRET}%ff@host/db",
        f"postgresql://posts_app:{SECRET}%zz@host/db",
        f"{LOGIN}@host:port/db",
        f"{LOGIN}@host:65536/db",
        f"{LOGIN}@host:0/db",
        f"{LOGIN}@host,,other/db",
        f"{LOGIN}@:5432/db",
        f"{LOGIN}@::1/db",
        f"{LOGIN}@host/db?{SECRET}",
        f"{LOGIN}@host/db?application_name=a@b",
    ],
)
def test_a_url_that_two_readers_would_read_differently_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ValueError, match="it must look like postgresql://") as refused:
        Database(url)
    assert SECRET not in str(refused.value)
    assert SECRET not in repr(refused.value.__cause__)


def test_arguments_show_no_password() -> None:
    assert SECRET not in repr(connect_arguments(f"{LOGIN}@host/db?connect_timeout=5"))
