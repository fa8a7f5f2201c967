"""What persons answered gets a table; until then the engine read it out of the event log.

The events stay as history. Made so that it can be run again after it was killed half way.
"""

import json
from typing import Any

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    column,
    select,
    table,
)
from sqlalchemy.types import TypeEngine

revision = "0003"
down_revision = "0002"

_MYSQL: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}


def _key(length: int = 191) -> TypeEngine[str]:
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def _prose() -> TypeEngine[str]:
    return Text().with_variant(Text(2**22 - 1), "mysql", "mariadb")


_answer = Table(
    "bridge_answer",
    MetaData(),
    Column(
        "id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True
    ),
    Column("bridge", _key(100), nullable=False),
    Column("invoice", _key(), nullable=False),
    Column("answer", _key(32), nullable=False),
    Column("about", _prose(), nullable=False),
    Column("who", _prose(), nullable=False),
    Column("because", _prose(), nullable=False),
    Column("day", _key(10), nullable=False),
    Column("run", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("bridge_answer_invoice", "bridge", "invoice", "id"),
    sqlite_autoincrement=True,
    **_MYSQL,
)
_event = table(
    "bridge_event",
    *(column(name) for name in ("id", "bridge", "at", "run", "code", "invoice", "data")),
)


def upgrade() -> None:
    """Make the table, and put into it what the events of code ``answer`` say, in their order."""
    connection = op.get_bind()
    _answer.create(connection, checkfirst=True)
    for index in _answer.indexes:
        index.create(connection, checkfirst=True)
    connection.execute(_answer.delete())
    events = select(_event).where(_event.c.code == "answer").order_by(_event.c.id)
    for event in connection.execute(events).all():
        data = json.loads(event.data)
        connection.execute(
            _answer.insert(),
            {
                "bridge": event.bridge,
                "invoice": event.invoice,
                "answer": data["answer"],
                "about": json.dumps(data["about"], ensure_ascii=False, separators=(",", ":")),
                "who": data["who"],
                "because": data["because"],
                "day": data["day"],
                "run": event.run,
                "at": event.at,
            },
        )
