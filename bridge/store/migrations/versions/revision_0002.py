"""What the source said when an entry was decided, and what people made by hand and accepted."""

from typing import Any

from alembic import op
from sqlalchemy import BigInteger, Column, MetaData, String, Table, Text
from sqlalchemy.types import TypeEngine

revision = "0002"
down_revision = "0001"

_MYSQL: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}


def _key(length: int = 191) -> TypeEngine[str]:
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def _prose() -> TypeEngine[str]:
    return Text().with_variant(Text(2**22 - 1), "mysql", "mariadb")


_metadata = MetaData()

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
    """Make every table that is not there."""
    for table in _metadata.sorted_tables:
        table.create(op.get_bind(), checkfirst=True)
