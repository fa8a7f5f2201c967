"""Bringing the tables to this version's form.

One small query when there is nothing to do. Otherwise under a lock of the database's own, never
while a run of any bridge is at work there, and after a copy of a SQLite file was made.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, exc, inspect, select, text

from bridge.errors import StoreError, UsageError
from bridge.store.db.connection import Database, missing
from bridge.store.db.url import Family
from bridge.store.lock_owner import refuse_while_held
from bridge.store.tables import schema

_PATIENCE_S = 60
_ADVISORY = 0x62726964_67650001  # "bridge" and a number: one lock for all sync logs of a database
_NAMED = "concat('bridge_schema.', sha1(database()))"


_QUERY = select(schema.version.c.version_num)


def revision_of(database: Database) -> str | None:
    """The schema's revision, None where there is no sync log. Makes no SQLite file."""
    file = database.address.file
    if file is not None and not file.exists():
        return None
    with database.read() as connection:
        try:
            return connection.execute(_QUERY).scalar()
        except exc.DBAPIError:
            connection.rollback()
            return _revision_under_lock(connection)


def _revision_under_lock(connection: Connection) -> str | None:
    """As `revision_of`, in two queries, since a failed one would end a PostgreSQL transaction."""
    if not inspect(connection).has_table(schema.VERSION_TABLE):
        return None
    return connection.execute(_QUERY).scalar()


def check_revision(connection: Connection, database: Database) -> None:
    """Raise StoreError unless the tables are there, in this version's form."""
    refuse_other(connection.execute(_QUERY).scalar(), database.where)


def refuse_unreadable(revision: str | None, where: str) -> None:
    """Raise unless a log of this revision can be read as it stands.

    Raises:
        StoreError: there is none, or it must be upgraded first, or a newer version wrote it.
        UsageError: it is too old to be upgraded.
    """
    if revision is None:
        raise missing(where)
    refuse_foreign(revision, where)
    if revision < schema.READABLE:
        raise _outdated(revision, where)


def refuse_other(revision: str | None, where: str) -> None:
    """Raise unless `revision` is this version's, as who writes must. Raises as above."""
    refuse_unreadable(revision, where)
    if revision is not None and revision < schema.REVISION:
        raise _outdated(revision, where)


def _outdated(revision: str, where: str) -> StoreError:
    return StoreError(
        f"the sync log at {where} was written by an older version of bridge"
        f" (schema {revision}, this version uses {schema.REVISION})",
        remedy="Run `bridge sync` first: it brings the sync log to this version.",
    )


def refuse_foreign(revision: str, where: str) -> None:
    """Raise StoreError where a newer version has been, UsageError where one before 0.1.0 was."""
    if revision < schema.BASE:
        raise UsageError(
            f"the sync log at {where} has schema {revision}, from before version 0.1.0 of bridge,"
            f" and this version upgrades schema {schema.BASE} and later",
            remedy="Check out commit f420972 of bridge (version 0.1.0), run `bridge sync` with it"
            " once, then use this version again.",
        )
    if revision > schema.REVISION:
        raise StoreError(
            f"the sync log at {where} was written by a newer version of bridge"
            f" (schema {revision}, this version knows up to {schema.REVISION})",
            remedy="Upgrade bridge: pip install --upgrade bridge-accounts",
        )


def migrate(database: Database) -> None:
    """Bring the schema to this version; nothing where it is so already.

    Raises:
        LockHeldError: a run of an older version is at work there.
        StoreError: the schema is newer than this version, or could not be brought to it.
        UsageError: the schema is from before version 0.1.0.
    """
    revision = revision_of(database)
    if revision == schema.REVISION:
        return
    if revision is not None:
        refuse_foreign(revision, database.where)
    _make_file(database)
    with database.session() as connection, _alone(connection, database):
        revision = _revision_under_lock(connection)
        if revision == schema.REVISION:
            return
        if revision is None:
            if make(connection):
                return
        else:
            refuse_foreign(revision, database.where)
            refuse_while_held(connection, database)
            _back_up(database)
        upgrade_tables(connection)


def upgrade_tables(connection: Connection) -> None:
    """Run the revisions that this log has not had. The caller commits."""
    from bridge.store.migrations import upgrade

    upgrade(connection)


def make(connection: Connection) -> bool:
    """Make every table and index that is not there, as all migrations together would.

    It does without Alembic, which would stay in memory for the whole first run. The caller commits.

    Returns False, and makes nothing, where tables of another form stand: MariaDB keeps what a
    first migration of an older version had made when it was killed. Alembic then goes on with it.
    """
    if not _are_ours(connection):
        return False
    if connection.dialect.name == "postgresql":
        _tell_postgresql()
    for table in schema.metadata.sorted_tables:
        table.create(connection, checkfirst=True)
        for index in table.indexes:
            index.create(connection, checkfirst=True)
    connection.execute(schema.version.delete())
    connection.execute(schema.version.insert().values(version_num=schema.REVISION))
    return True


def _are_ours(connection: Connection) -> bool:
    """Whether the tables that are there, mostly none, have this version's columns."""
    inspector = inspect(connection)
    there = set(inspector.get_table_names())
    return all(
        {column["name"] for column in inspector.get_columns(name)} == set(table.columns.keys())
        for name, table in schema.metadata.tables.items()
        if name in there
    )


def _tell_postgresql() -> None:
    """Which steps the index of open ones holds.

    Told in the models, it would have SQLAlchemy load all that it knows of PostgreSQL for every log.
    """
    [opened] = [index for index in schema.step.indexes if index.name == schema.OPEN_STEPS]
    opened.dialect_options["postgresql"]["where"] = schema.OPEN


@contextmanager
def schema_held(database: Database) -> Iterator[None]:
    """Keep migrations away. A SQLite file needs no more than its one writer."""
    if database.family is Family.SQLITE:
        yield
        return
    with database.session() as connection:
        if database.family is Family.POSTGRESQL:
            connection.execute(text(f"SELECT pg_advisory_xact_lock_shared({_ADVISORY})"))
            yield
        else:
            with _named_lock(connection, database.where):
                yield


@contextmanager
def _alone(connection: Connection, database: Database) -> Iterator[None]:
    """One transaction under a lock that keeps every other migration away."""
    if database.family is Family.MYSQL:
        with _named_lock(connection, database.where):
            yield
            connection.commit()
        return
    if database.family is Family.POSTGRESQL:
        connection.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE_S}s'"))
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY})"))
    yield
    connection.commit()


@contextmanager
def _named_lock(connection: Connection, where: str) -> Iterator[None]:
    taken = connection.execute(text(f"SELECT get_lock({_NAMED}, {_PATIENCE_S})")).scalar()
    if taken != 1:
        raise StoreError(
            f"another process was changing the schema of the sync log {where} for more than"
            f" {_PATIENCE_S} seconds",
            remedy="Wait until it has finished, then run `bridge sync` again.",
        )
    try:
        yield
    finally:
        connection.execute(text(f"SELECT release_lock({_NAMED})"))


def _make_file(database: Database) -> None:
    """Make a SQLite file that only its owner may read: it holds what clients were billed.

    SQLite gives the files that it keeps beside it the same rights.
    """
    file = database.address.file
    if file is None:
        return
    _make_directory(file.parent)
    # What cannot be made here SQLite cannot make either, and says why.
    with suppress(OSError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _make_directory(directory: Path) -> None:
    if directory.is_dir():
        return
    try:
        directory.mkdir()
    except FileExistsError:
        return  # another process was quicker
    except OSError as error:
        raise StoreError(
            f"the directory {directory} of the sync log could not be made ({error.strerror})",
            remedy="Make it, or correct `store` in bridge.yaml.",
        ) from error


def _back_up(database: Database) -> None:
    """Copy a SQLite file to ``FILE.before-REVISION``, whole or not at all."""
    file = database.address.file
    if file is None:
        return
    copy = file.with_name(f"{file.name}.before-{schema.REVISION}")
    part = copy.with_name(f"{copy.name}.part")
    copy_file(file, part)
    with part.open("rb") as written:
        os.fsync(written.fileno())
    shutil.copymode(file, part)
    part.replace(copy)


def copy_file(file: Path, to: Path) -> None:
    """Copy a SQLite file as it is at this moment, also while others write to it."""
    from_url = f"{file.absolute().as_uri()}?mode=ro"
    to.unlink(missing_ok=True)
    source = sqlite3.connect(from_url, uri=True)
    try:
        target = sqlite3.connect(to)
        try:
            source.backup(target)
        finally:
            target.close()
    finally:
        source.close()
