"""What a database raises becomes an error that says what to do."""

import psycopg
import pytest
from pymysql import err as pymysql  # type: ignore[import-untyped]
from sqlalchemy import exc, text

from bridge.errors import StoreError
from bridge.store.db.connection import Database
from bridge.store.db.errors import store_error
from bridge.store.db.url import read_address
from bridge.store.sync_log import SyncLog
from tests.store.builders import CANARY, Place, no_canary


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        (psycopg.errors.DiskFull("x"), "is full"),
        (psycopg.errors.InsufficientPrivilege("x"), "may not be opened"),
        (psycopg.errors.ReadOnlySqlTransaction("x"), "may not be opened"),
        (psycopg.errors.LockNotAvailable("x"), "stayed locked"),
        (psycopg.errors.IoError("x"), "failed; nothing"),
        (psycopg.errors.AdminShutdown("x"), "could not be reached"),
        (psycopg.errors.InvalidPassword("x"), "refused the login"),
        (psycopg.errors.SyntaxError("x"), "failed"),
        (pymysql.OperationalError(1021, "x"), "is full"),
        (pymysql.OperationalError(1114, "x"), "is full"),
        (pymysql.OperationalError(1142, "x"), "may not be opened"),
        (pymysql.OperationalError(1205, "x"), "stayed locked"),
        (pymysql.OperationalError(2013, "x"), "could not be reached"),
        (pymysql.ProgrammingError(1064, "x"), "failed"),
        (PermissionError(13, "x"), "may not be opened"),
    ],
)
def test_what_a_database_says_becomes_what_to_do(origin: Exception, words: str) -> None:
    wrapped = exc.OperationalError("SELECT 1", None, origin)
    told = store_error(wrapped, "somewhere")
    assert words in str(told)
    assert told.remedy


def test_a_personal_detail_in_a_failed_statement_is_not_told(log: SyncLog, place: Place) -> None:
    database = Database(read_address(place.url, base=place.base))
    with pytest.raises(StoreError) as caught, database.read() as connection:
        connection.execute(text("SELECT nothing FROM nowhere WHERE x = :x"), {"x": CANARY})
    database.close()
    no_canary(caught.value)
