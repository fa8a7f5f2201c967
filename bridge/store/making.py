"""Making the tables of a new log in this version's form, as all migrations together would.

Without Alembic, which a new log does not need: it would stay in memory for the whole first run.
"""

from sqlalchemy import Connection, inspect

from bridge.store.tables import schema


def make(connection: Connection) -> bool:
    """Make every table and index that is not there. The caller commits.

    Answers False, and makes nothing, where tables of another form stand: MariaDB keeps what a
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
