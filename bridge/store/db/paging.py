"""Long lists in pieces, and long answers in pages that hold no transaction open between them."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Row, Select

from bridge.store.db.connection import Database

T = TypeVar("T")
PIECE = 500
PAGE = 1000


def pieces(items: Sequence[T], size: int = PIECE) -> Iterator[list[T]]:
    """`items` in lists of at most `size`: databases limit the parameters of a statement."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


def pages(
    database: Database,
    query: Select[Any],
    major: ColumnElement[str] | None,
    minor: ColumnElement[Any],
    *,
    page: int = PAGE,
    after: tuple[Any, Any] | None = None,
) -> Iterator[Row[Any]]:
    """The rows of `query` in the order of (major, minor), a page at a time, those behind `after`.

    The next page begins after the last row's place, not at an offset. Both columns must be in the
    answer, together unique; text in them is never empty. Two plain queries a page instead of
    one that compares pairs, since MariaDB uses no index for those.
    """
    while True:
        rows = _page(database, query, major, minor, after, page)
        yield from rows
        if len(rows) < page:
            return
        values = rows[-1]._mapping  # noqa: SLF001 - the public name of a Row's columns
        after = (None if major is None else values[major], values[minor])


def _page(
    database: Database,
    query: Select[Any],
    major: ColumnElement[str] | None,
    minor: ColumnElement[Any],
    after: tuple[Any, Any] | None,
    page: int,
) -> Sequence[Row[Any]]:
    order = [minor] if major is None else [major, minor]
    with database.read() as connection:
        if after is None:
            return connection.execute(query.order_by(*order).limit(page)).all()
        if major is None:
            return connection.execute(
                query.where(minor > after[1]).order_by(minor).limit(page)
            ).all()
        here = query.where(major == after[0], minor > after[1])
        rows = list(connection.execute(here.order_by(minor).limit(page)))
        if len(rows) < page:
            beyond = query.where(major > after[0])
            rows += connection.execute(beyond.order_by(*order).limit(page - len(rows)))
        return rows
