"""The schema of version 0.1.0, which is the base: nothing older is upgraded.

Made so that it can be run again after it was killed half way: MariaDB keeps what was done of it.
"""

from typing import Any

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.types import TypeEngine

revision = "0002"
down_revision = None

_MYSQL: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}
_OPEN = text("state IN ('intended', 'unknown')")


def _key(length: int = 191) -> TypeEngine[str]:
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def _prose() -> TypeEngine[str]:
    return Text().with_variant(Text(2**22 - 1), "mysql", "mariadb")


_metadata = MetaData()

Table(
    "bridge_run",
    _metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("bridge", _key(100), nullable=False),
    Column("command", _prose(), nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("ended", BigInteger),
    Column("host", _prose(), nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("version", _prose(), nullable=False),
    Column("settings_digest", _prose(), nullable=False),
    Column("exit_code", Integer),
    Column("summary", _prose(), nullable=False),
    Index("bridge_run_of_bridge", "bridge", "id"),
    sqlite_with_rowid=False,
    **_MYSQL,
)

Table(
    "bridge_entry",
    _metadata,
    Column("bridge", _key(100), primary_key=True),
    Column("sort_key", _key(), primary_key=True),
    Column("invoice", _key(), nullable=False),
    Column("client", _key(), nullable=False),
    Column("client_key", _key(), nullable=False),
    Column("number", _key(), nullable=False),
    Column("status", _key(), nullable=False),
    Column("source_state", _key(32), nullable=False),
    Column("issued", _key(10)),
    Column("paid_on", _key(10)),
    Column("day", _key(10), nullable=False),
    Column("gross_units", BigInteger, nullable=False),
    Column("currency", _key(3), nullable=False),
    Column("header_fingerprint", _key()),
    Column("money_fingerprint", _key()),
    Column("content_fingerprint", _key()),
    Column("state", _key(32), nullable=False),
    Column("reason", _key(48), nullable=False),
    Column("what", _prose(), nullable=False),
    Column("remedy", _prose(), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_try", BigInteger),
    Column("changed", BigInteger, nullable=False),
    Column("run", BigInteger, nullable=False),
    Column("target", _key(), nullable=False),
    Column("booked", BigInteger),
    Index("bridge_entry_work", "bridge", "state", "day", "sort_key"),
    Index("bridge_entry_count", "bridge", "state", "currency", "reason"),
    Index("bridge_entry_status", "bridge", "status", "sort_key"),
    Index("bridge_entry_number", "bridge", "number"),
    Index("bridge_entry_booked", "bridge", "client_key", "sort_key", "booked"),
    sqlite_with_rowid=False,
    **_MYSQL,
)

Table(
    "bridge_step",
    _metadata,
    Column("bridge", _key(100), primary_key=True),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("run", BigInteger, nullable=False),
    Column("invoice", _key(), nullable=False),
    Column("kind", _key(16), nullable=False),
    Column("ref", _key(), nullable=False),
    Column("action", _key(16), nullable=False),
    Column("state", _key(16), nullable=False),
    Column("payload", _prose(), nullable=False),
    Column("parent", _prose()),
    Column("target", _prose()),
    Column("error", _prose(), nullable=False),
    Column("intended", BigInteger, nullable=False),
    Column("finished", BigInteger),
    Index("bridge_step_invoice", "bridge", "invoice", "id"),
    Index("bridge_step_ref", "bridge", "kind", "ref"),
    Index(
        "bridge_step_open",
        "bridge",
        "state",
        "id",
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    ),
    **_MYSQL,
)

Table(
    "bridge_link",
    _metadata,
    Column("bridge", _key(100), primary_key=True),
    Column("kind", _key(16), primary_key=True),
    Column("ref", _key(), primary_key=True),
    Column("target_kind", _key(16), nullable=False),
    Column("target_id", _key(), nullable=False),
    Column("target_internal", _key(), nullable=False),
    Column("target_permanent", _key()),
    Column("payload", _prose()),
    Column("adopted", Boolean, nullable=False),
    Column("day", _key(10)),
    Column("client", _prose()),
    Column("run", BigInteger, nullable=False),
    Column("created", BigInteger, nullable=False),
    Index("bridge_link_target", "bridge", "kind", "target_id", "target_internal", unique=True),
    Index("bridge_link_permanent", "bridge", "kind", "target_permanent", unique=True),
    **_MYSQL,
)

Table(
    "bridge_sighting",
    _metadata,
    Column("bridge", _key(100), primary_key=True),
    Column("kind", _key(16), primary_key=True),
    Column("target_id", _key(), primary_key=True),
    Column("target_kind", _key(16), nullable=False),
    Column("target_internal", _key(), nullable=False),
    Column("token", _key(), nullable=False),
    Column("client", _prose()),
    Column("day", _key(10)),
    Column("net_units", BigInteger),
    Column("net_currency", _key(3)),
    Column("tax_units", BigInteger),
    Column("tax_currency", _key(3)),
    Column("reference", _prose(), nullable=False),
    Index("bridge_sighting_token", "bridge", "kind", "token"),
    sqlite_with_rowid=False,
    **_MYSQL,
)

Table(
    "bridge_cursor",
    _metadata,
    Column("bridge", _key(100), primary_key=True),
    Column("name", _key(), primary_key=True),
    Column("value", _prose(), nullable=False),
    sqlite_with_rowid=False,
    **_MYSQL,
)

Table(
    "bridge_lock",
    _metadata,
    Column("bridge", _key(100), primary_key=True),
    Column("token", _key(64), nullable=False),
    Column("hostname", _prose(), nullable=False),
    Column("machine", _prose(), nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("process_start", _prose(), nullable=False),
    Column("command", _prose(), nullable=False),
    Column("taken", BigInteger, nullable=False),
    Column("lease_end", BigInteger, nullable=False),
    sqlite_with_rowid=False,
    **_MYSQL,
)

Table(
    "bridge_event",
    _metadata,
    Column(
        "id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True
    ),
    Column("bridge", _key(100), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("run", BigInteger, nullable=False),
    Column("level", _key(16), nullable=False),
    Column("code", _key(), nullable=False),
    Column("message", _prose(), nullable=False),
    Column("invoice", _key(), nullable=False),
    Column("data", _prose(), nullable=False),
    Index("bridge_event_of_bridge", "bridge", "id"),
    Index("bridge_event_run", "bridge", "run", "id"),
    Index("bridge_event_invoice", "bridge", "invoice", "id"),
    Index("bridge_event_time", "bridge", "at", "id"),
    sqlite_autoincrement=True,
    **_MYSQL,
)

Table(
    "bridge_snapshot",
    _metadata,
    Column("bridge", _key(100), primary_key=True),
    Column("invoice", _key(), primary_key=True),
    Column("digest", _key(64), primary_key=True),
    Column("used", BigInteger, nullable=False),
    Column("run", BigInteger, nullable=False),
    Column("content", _key(), nullable=False),
    Column("data", _prose(), nullable=False),
    **_MYSQL,
)

Table(
    "bridge_acceptance",
    _metadata,
    Column("bridge", _key(100), primary_key=True),
    Column("number", _key(), primary_key=True),
    Column("shown", _prose(), nullable=False),
    Column("who", _prose(), nullable=False),
    Column("because", _prose(), nullable=False),
    Column("at", BigInteger, nullable=False),
    **_MYSQL,
)


def upgrade() -> None:
    """Make every table and index that is not there."""
    connection = op.get_bind()
    for table in _metadata.sorted_tables:
        table.create(connection, checkfirst=True)
        for index in table.indexes:
            index.create(connection, checkfirst=True)
