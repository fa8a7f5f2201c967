"""The suite runs on each database that is there, in a schema of its own for each worker."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, exc, make_url, text

from bridge.store import open_log
from bridge.store.sync_log import SyncLog
from tests.store.builders import Place

POSTGRES = os.environ.get("BRIDGE_TEST_POSTGRES", "postgresql://root@127.0.0.1:5432/test")
MARIADB = os.environ.get("BRIDGE_TEST_MARIADB", "mysql://root@127.0.0.1:3306/test")


def _run(url: str, *statements: str) -> str:
    """Run statements on a server; what went wrong, or nothing."""
    parsed = make_url(url)
    driver = "postgresql+psycopg" if parsed.drivername.startswith("postgres") else "mysql+pymysql"
    engine = create_engine(
        parsed.set(drivername=driver),
        isolation_level="AUTOCOMMIT",
        connect_args={"connect_timeout": 3},
    )
    try:
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
    except exc.SQLAlchemyError as error:
        return str(error)
    finally:
        engine.dispose()
    return ""


@pytest.fixture
def fresh_postgresql() -> Iterator[str]:
    """The URL of an empty schema."""
    with a_schema() as url:
        yield url


@pytest.fixture
def fresh_mariadb() -> Iterator[str]:
    """The URL of an empty database."""
    with a_database() as url:
        yield url


@pytest.fixture(scope="session")
def _shared_postgresql() -> Iterator[str]:
    with a_schema() as url:
        yield url


@pytest.fixture(scope="session")
def _shared_mariadb() -> Iterator[str]:
    with a_database() as url:
        yield url


@contextmanager
def a_schema() -> Iterator[str]:
    """The URL of an empty schema of PostgreSQL; the test is skipped where there is no server."""
    name = f"bridge_test_{uuid.uuid4().hex[:12]}"
    if trouble := _run(POSTGRES, f"CREATE SCHEMA {name}"):
        pytest.skip(f"no PostgreSQL at BRIDGE_TEST_POSTGRES: {trouble.splitlines()[0]}")
    query = {"options": f"-csearch_path={name}"}
    try:
        yield make_url(POSTGRES).update_query_dict(query).render_as_string(hide_password=False)
    finally:
        _run(POSTGRES, f"DROP SCHEMA {name} CASCADE")


@contextmanager
def a_database() -> Iterator[str]:
    """The URL of an empty database of MariaDB; the test is skipped where there is no server."""
    name = f"bridge_test_{uuid.uuid4().hex[:12]}"
    if trouble := _run(MARIADB, f"CREATE DATABASE {name}"):
        pytest.skip(f"no MariaDB at BRIDGE_TEST_MARIADB: {trouble.splitlines()[0]}")
    try:
        yield make_url(MARIADB).set(database=name).render_as_string(hide_password=False)
    finally:
        _run(MARIADB, f"DROP DATABASE {name}")


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where a log is, migrated; the name is this test's own."""
    if request.param == "sqlite":
        url = "sqlite:///log.db"
    else:
        url = request.getfixturevalue(f"_shared_{request.param}")
    made = Place(url, f"books-{uuid.uuid4().hex[:8]}", tmp_path)
    log = made.open()
    log.migrate()
    log.close()
    return made


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def fresh_place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where there is no log yet."""
    if request.param == "sqlite":
        return Place("sqlite:///log.db", "books", tmp_path)
    return Place(request.getfixturevalue(f"fresh_{request.param}"), "books", tmp_path)


@pytest.fixture
def log(place: Place) -> Iterator[SyncLog]:
    """A log that is empty under its name."""
    opened = open_log(place.url, place.name, base=place.base)
    yield opened
    opened.close()
