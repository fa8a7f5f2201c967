"""The tables. Frozen per revision in `bridge.store.migrations`; a test compares the two.

Money is whole minor units beside its currency, times are microseconds since 1970 UTC, days are
ISO text: the same on all databases, and exact. Text that is compared sorts by code point
everywhere, so that pages and merges agree.
"""

from typing import Any

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

REVISION = "0003"
"""The schema that this version of bridge writes. Revisions sort as text."""

READABLE = "0002"
"""The oldest that is read without being upgraded: tables were added since, and nothing else."""

BASE = "0002"
"""The oldest that is upgraded: the schema of version 0.1.0 (commit f420972)."""

VERSION_TABLE = "bridge_version"

KEY_LENGTH = 191
NAME_LENGTH = 100

MYSQL: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}
"""utf8mb4_bin, so that keys which differ in case only are two keys on MariaDB too."""


def key(length: int = KEY_LENGTH) -> TypeEngine[str]:
    """Text that is looked up or sorted by."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def prose() -> TypeEngine[str]:
    """Text of any length. MariaDB's plain TEXT ends at 64 KiB; for this it takes MEDIUMTEXT."""
    return Text().with_variant(Text(2**22 - 1), "mysql", "mariadb")


def serial() -> TypeEngine[int]:
    """A number that the database gives out. SQLite does so for INTEGER alone."""
    return BigInteger().with_variant(Integer(), "sqlite")


metadata = MetaData()

version = Table(
    VERSION_TABLE,
    metadata,
    Column("version_num", String(32), primary_key=True),
    **MYSQL,
)

run = Table(
    "bridge_run",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("bridge", key(NAME_LENGTH), nullable=False),
    Column("command", prose(), nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("ended", BigInteger),
    Column("host", prose(), nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("version", prose(), nullable=False),
    Column("settings_digest", prose(), nullable=False),
    Column("exit_code", Integer),
    Column("summary", prose(), nullable=False),
    Index("bridge_run_of_bridge", "bridge", "id"),
    sqlite_with_rowid=False,
    **MYSQL,
)

entry = Table(
    "bridge_entry",
    metadata,
    Column("bridge", key(NAME_LENGTH), primary_key=True),
    # `invoice` and `client` in a form that sorts 9 before 10: see `mapping.sort_key`.
    Column("sort_key", key(), primary_key=True),
    Column("invoice", key(), nullable=False),
    Column("client", key(), nullable=False),
    Column("client_key", key(), nullable=False),
    Column("number", key(), nullable=False),
    Column("status", key(), nullable=False),  # empty once the source says that it is gone
    Column("source_state", key(32), nullable=False),
    Column("issued", key(10)),
    Column("paid_on", key(10)),
    Column("day", key(10), nullable=False),  # paid_on, else issued: the order of work
    Column("gross_units", BigInteger, nullable=False),
    Column("currency", key(3), nullable=False),
    Column("header_fingerprint", key()),
    Column("money_fingerprint", key()),
    Column("content_fingerprint", key()),
    Column("state", key(32), nullable=False),
    Column("reason", key(48), nullable=False),  # empty for none
    Column("what", prose(), nullable=False),
    Column("remedy", prose(), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_try", BigInteger),
    Column("changed", BigInteger, nullable=False),
    Column("run", BigInteger, nullable=False),
    Column("target", key(), nullable=False),
    Column("booked", BigInteger),  # when its invoice was first linked
    Index("bridge_entry_work", "bridge", "state", "day", "sort_key"),
    Index("bridge_entry_count", "bridge", "state", "currency", "reason"),
    Index("bridge_entry_status", "bridge", "status", "sort_key"),
    Index("bridge_entry_number", "bridge", "number"),
    Index("bridge_entry_booked", "bridge", "client_key", "sort_key", "booked"),
    sqlite_with_rowid=False,
    **MYSQL,
)

step = Table(
    "bridge_step",
    metadata,
    Column("bridge", key(NAME_LENGTH), primary_key=True),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("run", BigInteger, nullable=False),
    Column("invoice", key(), nullable=False),
    Column("kind", key(16), nullable=False),
    Column("ref", key(), nullable=False),
    Column("action", key(16), nullable=False),
    Column("state", key(16), nullable=False),
    Column("payload", prose(), nullable=False),
    Column("parent", prose()),
    Column("target", prose()),
    Column("error", prose(), nullable=False),
    Column("intended", BigInteger, nullable=False),
    Column("finished", BigInteger),
    Index("bridge_step_invoice", "bridge", "invoice", "id"),
    Index("bridge_step_ref", "bridge", "kind", "ref"),
    **MYSQL,
)
OPEN = text("state IN ('intended', 'unknown')")
"""Steps that must be settled. Queries repeat these very words, so that SQLite takes the index."""

OPEN_STEPS = "bridge_step_open"
"""An index of those alone; `bridge.store.migrate` says so to PostgreSQL."""

# Few steps are ever open at once, and every run begins by asking for them.
Index(OPEN_STEPS, step.c.bridge, step.c.state, step.c.id, sqlite_where=OPEN)

link = Table(
    "bridge_link",
    metadata,
    Column("bridge", key(NAME_LENGTH), primary_key=True),
    Column("kind", key(16), primary_key=True),
    Column("ref", key(), primary_key=True),
    Column("target_kind", key(16), nullable=False),
    Column("target_id", key(), nullable=False),
    Column("target_internal", key(), nullable=False),  # empty while unknown
    Column("target_permanent", key()),  # the same, NULL while unknown: unique once known
    Column("payload", prose()),
    Column("adopted", Boolean, nullable=False),
    Column("day", key(10)),
    Column("client", prose()),
    Column("run", BigInteger, nullable=False),
    Column("created", BigInteger, nullable=False),
    Index("bridge_link_target", "bridge", "kind", "target_id", "target_internal", unique=True),
    Index("bridge_link_permanent", "bridge", "kind", "target_permanent", unique=True),
    **MYSQL,
)

# What the source said whenever an entry was decided, one row a version: never changed or pruned.
snapshot = Table(
    "bridge_snapshot",
    metadata,
    Column("bridge", key(NAME_LENGTH), primary_key=True),
    Column("invoice", key(), primary_key=True),
    Column("digest", key(64), primary_key=True),
    Column("used", BigInteger, nullable=False),  # last
    Column("run", BigInteger, nullable=False),
    Column("content", key(), nullable=False),
    Column("data", prose(), nullable=False),
    **MYSQL,
)

# Documents that people made in the target and that reconcile no longer counts as differences.
acceptance = Table(
    "bridge_acceptance",
    metadata,
    Column("bridge", key(NAME_LENGTH), primary_key=True),
    Column("number", key(), primary_key=True),
    Column("shown", prose(), nullable=False),
    Column("who", prose(), nullable=False),
    Column("because", prose(), nullable=False),
    Column("at", BigInteger, nullable=False),
    **MYSQL,
)

# What persons answered where bridge cannot know. Never pruned: each run decides by it.
answer = Table(
    "bridge_answer",
    metadata,
    Column("id", serial(), primary_key=True, autoincrement=True),
    Column("bridge", key(NAME_LENGTH), nullable=False),
    Column("invoice", key(), nullable=False),
    Column("answer", key(32), nullable=False),
    Column("about", prose(), nullable=False),  # ids of rows, as JSON
    Column("who", prose(), nullable=False),
    Column("because", prose(), nullable=False),
    Column("day", key(10), nullable=False),
    Column("run", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("bridge_answer_invoice", "bridge", "invoice", "id"),
    sqlite_autoincrement=True,
    **MYSQL,
)

sighting = Table(
    "bridge_sighting",
    metadata,
    Column("bridge", key(NAME_LENGTH), primary_key=True),
    Column("kind", key(16), primary_key=True),
    Column("target_id", key(), primary_key=True),
    Column("target_kind", key(16), nullable=False),
    Column("target_internal", key(), nullable=False),
    Column("token", key(), nullable=False),
    Column("client", prose()),
    Column("day", key(10)),
    Column("net_units", BigInteger),
    Column("net_currency", key(3)),
    Column("tax_units", BigInteger),
    Column("tax_currency", key(3)),
    Column("reference", prose(), nullable=False),
    Index("bridge_sighting_token", "bridge", "kind", "token"),
    sqlite_with_rowid=False,
    **MYSQL,
)

cursor = Table(
    "bridge_cursor",
    metadata,
    Column("bridge", key(NAME_LENGTH), primary_key=True),
    Column("name", key(), primary_key=True),
    Column("value", prose(), nullable=False),
    sqlite_with_rowid=False,
    **MYSQL,
)

lock = Table(
    "bridge_lock",
    metadata,
    Column("bridge", key(NAME_LENGTH), primary_key=True),
    Column("token", key(64), nullable=False),
    Column("hostname", prose(), nullable=False),
    Column("machine", prose(), nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("process_start", prose(), nullable=False),
    Column("command", prose(), nullable=False),
    Column("taken", BigInteger, nullable=False),
    Column("lease_end", BigInteger, nullable=False),
    sqlite_with_rowid=False,
    **MYSQL,
)

event = Table(
    "bridge_event",
    metadata,
    Column("id", serial(), primary_key=True, autoincrement=True),
    Column("bridge", key(NAME_LENGTH), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("run", BigInteger, nullable=False),
    Column("level", key(16), nullable=False),
    Column("code", key(), nullable=False),
    Column("message", prose(), nullable=False),
    Column("invoice", key(), nullable=False),  # empty for none
    Column("data", prose(), nullable=False),
    Index("bridge_event_of_bridge", "bridge", "id"),
    Index("bridge_event_run", "bridge", "run", "id"),
    Index("bridge_event_invoice", "bridge", "invoice", "id"),
    Index("bridge_event_time", "bridge", "at", "id"),
    sqlite_autoincrement=True,
    **MYSQL,
)
