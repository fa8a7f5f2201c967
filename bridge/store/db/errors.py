"""What went wrong in a database, as one StoreError that says what to do.

Sources: SQLite result codes (sqlite.org/rescode.html), PostgreSQL appendix A (error codes),
MariaDB error codes.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import exc

from bridge.errors import StoreError


@dataclass(frozen=True, slots=True)
class _Trouble:
    """How one kind of trouble is told. `{where}` is the database."""

    what: str
    remedy: str


_BUSY = _Trouble(
    "the sync log {where} stayed locked by another process",
    "Try again; if it goes on, end the program that keeps the database open in a transaction.",
)
_FULL = _Trouble(
    "the disk under the sync log {where} is full; nothing of this write was kept",
    "Free some space, then run `bridge sync` again: it goes on where it stopped.",
)
_BROKEN = _Trouble(
    "the disk under the sync log {where} failed; nothing of this write was kept",
    "Check the disk and the system's log, then run `bridge sync` again.",
)
_FORBIDDEN = _Trouble(
    "the sync log {where} may not be opened or changed by this user",
    "Run bridge as the user who owns it, or give this user the right to read and write there"
    " (for a SQLite file also in its directory).",
)
_NOT_OURS = _Trouble(
    "{where} is not a database, or it is damaged",
    "Check `store` in bridge.yaml; if the file is the right one, restore it from a backup."
    " A lost or older sync log makes no duplicates.",
)
_LOGIN = _Trouble(
    "the sync log {where} refused the login",
    "Check the user name and password in `store` in bridge.yaml.",
)
_NO_DATABASE = _Trouble(
    "the sync log {where} does not exist on that server",
    "Create the database, or correct its name in `store` in bridge.yaml.",
)
_UNREACHABLE = _Trouble(
    "the sync log {where} could not be reached",
    "Check that the database server runs and that `store` in bridge.yaml names its address.",
)
_OTHER = _Trouble(
    "the sync log {where} failed",
    "Look up the database's own words above; run `bridge sync` again once they are dealt with.",
)

_SQLITE = (
    (("SQLITE_BUSY", "SQLITE_LOCKED"), _BUSY),
    (("SQLITE_FULL",), _FULL),
    (("SQLITE_IOERR",), _BROKEN),
    (("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH"), _FORBIDDEN),
    (("SQLITE_NOTADB", "SQLITE_CORRUPT"), _NOT_OURS),
)
_POSTGRES = (
    (("28",), _LOGIN),
    (("3D000",), _NO_DATABASE),
    (("42501", "25006"), _FORBIDDEN),
    (("53100",), _FULL),
    (("58",), _BROKEN),
    (("55P03", "57014", "40"), _BUSY),
    (("08", "57P", "53300"), _UNREACHABLE),
)
_MYSQL = {
    1045: _LOGIN,
    1698: _LOGIN,
    1049: _NO_DATABASE,
    **dict.fromkeys((1044, 1142, 1143, 1227, 1290, 1792, 1836), _FORBIDDEN),
    **dict.fromkeys((1021, 1114), _FULL),
    **dict.fromkeys((1205, 1213), _BUSY),
    **dict.fromkeys((1030,), _BROKEN),
    **dict.fromkeys((1040, 2002, 2003, 2006, 2013, 2055), _UNREACHABLE),
}
_DEADLOCKS = frozenset({"40001", "40P01", "1213"})


@contextmanager
def store_errors(where: str) -> Iterator[None]:
    """Turn what a database raises into a StoreError; BridgeErrors pass unchanged."""
    try:
        yield
    except exc.SQLAlchemyError as error:
        raise store_error(error, where) from error
    except (sqlite3.Error, OSError) as error:
        raise store_error(error, where) from error


def store_error(error: Exception, where: str) -> StoreError:
    """The StoreError for what a database raised, with the database's own words."""
    origin = error.orig if isinstance(error, exc.DBAPIError) and error.orig else error
    trouble = _trouble(origin)
    if trouble is _OTHER and isinstance(error, exc.DBAPIError) and error.connection_invalidated:
        trouble = _UNREACHABLE
    words = " ".join(str(origin).split())
    return StoreError(f"{trouble.what.format(where=where)} ({words})", remedy=trouble.remedy)


def is_collision(error: exc.DBAPIError) -> bool:
    """Whether the transaction lost against another one, so that doing it again may succeed."""
    return isinstance(error, exc.IntegrityError) or _code(error.orig) in _DEADLOCKS


def is_busy(error: exc.DBAPIError) -> bool:
    """Whether another process's lock was in the way."""
    return error.orig is not None and _trouble(error.orig) is _BUSY


def _code(origin: BaseException | None) -> str:
    """SQLSTATE of psycopg, error number of PyMySQL, name of SQLite's result code."""
    if isinstance(origin, sqlite3.Error):
        return getattr(origin, "sqlite_errorname", "")
    if origin is not None and origin.args and isinstance(origin.args[0], int):
        return str(origin.args[0])  # before SQLSTATE, which PyMySQL has too and which says less
    state = getattr(origin, "sqlstate", None)
    return state if isinstance(state, str) else ""


def _trouble(origin: BaseException) -> _Trouble:
    code = _code(origin)
    if isinstance(origin, OSError):
        return _FORBIDDEN if isinstance(origin, PermissionError) else _BROKEN
    if isinstance(origin, sqlite3.Error):
        return _by_prefix(code, _SQLITE)
    if code.isdigit() and len(code) == 4:
        return _MYSQL.get(int(code), _OTHER)
    if code:
        return _by_prefix(code, _POSTGRES)
    return _postgres_connection(str(origin))


def _by_prefix(code: str, table: tuple[tuple[tuple[str, ...], _Trouble], ...]) -> _Trouble:
    return next((trouble for starts, trouble in table if code.startswith(starts)), _OTHER)


def _postgres_connection(words: str) -> _Trouble:
    """libpq gives no code for a connection that failed, only words."""
    if "does not exist" in words and "database" in words:
        return _NO_DATABASE
    if "authentication" in words or ("role" in words and "does not exist" in words):
        return _LOGIN
    if "connection" in words:
        return _UNREACHABLE
    return _OTHER
