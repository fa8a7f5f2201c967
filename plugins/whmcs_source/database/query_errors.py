"""What a database says no with, and what that means for bridge.

Source: MariaDB error codes; MySQL uses the same numbers.
"""

import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from bridge.api import AccessError, BridgeError, TransientError, UnreachableError

UNKNOWN_COLUMN = 1054
NO_SUCH_TABLE = 1146
TABLE_DENIED = 1142
COLUMN_DENIED = 1143

_SIGN_IN = frozenset({1045, 1698, 1251, 1524, 1820, 1862, 2059, 4151})
_NO_DATABASE = 1049
_DATABASE_DENIED = 1044
_NOT_THERE = frozenset({1130, 2001, 2002, 2003, 2005, 2026})
_DENIED = frozenset({TABLE_DENIED, COLUMN_DENIED, 1227, 1370})
_MISSING = frozenset({UNKNOWN_COLUMN, NO_SUCH_TABLE, 1109})
# The driver does not expect bytes that are no reply, and stumbles over them in many ways.
_FOREIGN = (
    exc.SQLAlchemyError,
    struct.error,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    TypeError,
    ValueError,
)
_SPACES = re.compile(r"\s+")


def code_of(error: BaseException) -> int:
    """The database's own number for an error; 0 when it has none."""
    origin = getattr(error, "orig", None) or error
    first = origin.args[0] if origin.args else 0
    return first if isinstance(first, int) else 0


def code_in(error: BridgeError) -> int:
    """The database's own number for what became an error of bridge."""
    return code_of(error.__cause__) if error.__cause__ else 0


@contextmanager
def told(where: str) -> Iterator[None]:
    """Turn whatever the database layer raises inside into an error of bridge.

    Args:
        where: What to call the database, without its password.
    """
    try:
        yield
    except _FOREIGN as error:
        raise trouble(error, where) from error


def trouble(error: BaseException, where: str) -> BridgeError:
    """The error for what the database said. All are reads: whatever is unclear may be repeated."""
    code, words = code_of(error), _words(error)
    if code in _SIGN_IN:
        return AccessError(
            f"{where} refused the sign-in: {words}",
            remedy="check the user and the password in source.database, and from which host that"
            " user may sign in",
        )
    if code == _DATABASE_DENIED or code in _DENIED:
        return AccessError(
            f"{where} does not let bridge read what it needs: {words}",
            remedy="type `bridge validate-config --live`, which shows the GRANT statements to run",
        )
    if code == _NO_DATABASE:
        return UnreachableError(
            f"{where} does not exist on that server",
            remedy="correct the name in source.database: it is $db_name in WHMCS's"
            " configuration.php",
        )
    if code in _MISSING:
        return UnreachableError(
            f"{where} is not as bridge knows WHMCS: {words}",
            remedy="type `bridge validate-config --live`, which shows what is missing",
        )
    if code in _NOT_THERE:
        return UnreachableError(
            f"{where} could not be reached: {words}",
            remedy="check that the server runs, that it listens on the address in source.database"
            " and that nothing between stops the connection",
        )
    return TransientError(
        f"{where} gave no usable answer: {words}",
        remedy="run bridge again; if it stays, raise source.timeout_s or look into the database"
        " server's error log",
    )


def _words(error: BaseException) -> str:
    """The database's own words on one line. The driver's, since SQLAlchemy's hold the statement."""
    origin = getattr(error, "orig", None) or error
    said = origin.args[1] if len(origin.args) > 1 else origin
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return _SPACES.sub(" ", text).strip()[:300] or type(origin).__name__
