"""Addresses of sync logs: what they may say, and that no password is told."""

import sys
from pathlib import Path

import pytest

from bridge.errors import StoreError
from bridge.store import open_log
from bridge.store.db.url import read_address
from tests.store.builders import CANARY, no_canary


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("oracle://bridge:{canary}@host/db", "'oracle'"),
        ("mssql+pyodbc://bridge:{canary}@host/db", "'mssql'"),
        ("postgresql+asyncpg://bridge:{canary}@host/db", "driver 'asyncpg'"),
        ("postgresql://bridge:{canary}:5432/@@host:port/db", "not a database URL"),
        ("bridge:{canary}", "not a database URL"),
        ("{canary}", "not a database URL"),
        ("", "not a database URL"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:///file:log.db?mode=memory&uri=true", "names no file"),
        ("sqlite://{canary}@host/log.db", "a SQLite file on a host"),
    ],
)
def test_a_wrong_address_is_told_without_its_password(tmp_path: Path, url: str, words: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_log(url.format(canary=CANARY), "books", base=tmp_path)
    assert words in str(caught.value)
    no_canary(caught.value)


@pytest.mark.parametrize(
    ("url", "driver", "extra"),
    [
        ("postgresql://root@127.0.0.1/x", "psycopg", "postgres"),
        ("mysql://root@127.0.0.1/x", "pymysql", "mysql"),
        ("mariadb://root@127.0.0.1/x", "pymysql", "mysql"),
    ],
)
def test_a_missing_driver_is_named_with_what_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, driver: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, driver, None)
    with pytest.raises(StoreError, match=f"driver {driver} is not installed") as caught:
        open_log(url, "books", base=tmp_path)
    assert f"pip install 'bridge-accounts[{extra}]'" in caught.value.remedy


def test_a_log_can_be_opened_by_its_address_and_shows_no_password() -> None:
    address = read_address(
        f"postgresql://bridge:{CANARY}@db.example.com:5433/books", base=Path("/")
    )
    assert str(address) == "postgresql database books on db.example.com:5433"
    assert CANARY not in repr(address)
