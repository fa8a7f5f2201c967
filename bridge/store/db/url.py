"""Where a sync log lies: the `store` setting, read and checked. Opens nothing."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlalchemy import URL, exc, make_url

from bridge.errors import StoreError

KNOWN = "sqlite:///bridge.db, postgresql://USER@HOST/DATABASE or mysql://USER@HOST/DATABASE"


class Family(StrEnum):
    """The databases that a sync log can be in."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"
    MYSQL = "mysql"


_SCHEMES = {
    "sqlite": Family.SQLITE,
    "postgresql": Family.POSTGRESQL,
    "postgres": Family.POSTGRESQL,
    "mysql": Family.MYSQL,
    "mariadb": Family.MYSQL,
}
_DRIVERS = {Family.SQLITE: "pysqlite", Family.POSTGRESQL: "psycopg", Family.MYSQL: "pymysql"}
_EXTRAS = {Family.POSTGRESQL: "postgres", Family.MYSQL: "mysql"}


@dataclass(frozen=True, slots=True)
class Address:
    """A checked `store` setting.

    Attributes:
        url: With its password; never shown.
        file: The SQLite file, absolute; None for servers.
    """

    url: URL
    family: Family
    file: Path | None

    def __str__(self) -> str:
        """How messages name it, without the password."""
        if self.file is not None:
            return str(self.file)
        place = self.url.host or self.url.query.get("unix_socket") or "the local server"
        port = f":{self.url.port}" if self.url.port else ""
        return f"{self.family.value} database {self.url.database or '(default)'} on {place}{port}"

    def __repr__(self) -> str:
        return f"Address({self})"


def read_address(url: str, *, base: Path) -> Address:
    """Read a `store` setting. A relative SQLite path is relative to `base`.

    Raises:
        StoreError: it is not a URL, its scheme is unknown, or its driver is not installed.
    """
    parsed = _parse(url)
    scheme, _, driver = parsed.drivername.partition("+")
    family = _SCHEMES.get(scheme)
    if family is None:
        raise StoreError(
            f"`store` names the database {scheme!r}, which the sync log cannot be kept in",
            remedy=f"Write one of {KNOWN} in bridge.yaml.",
        )
    if driver not in {"", _DRIVERS[family]}:
        raise StoreError(
            f"`store` asks for the driver {driver!r}, which bridge does not use",
            remedy=f"Write {scheme}:// in bridge.yaml; bridge brings {_DRIVERS[family]} for it.",
        )
    if family is Family.SQLITE:
        return _file_address(parsed, base)
    _need_driver(family, scheme)
    return Address(
        parsed.set(drivername=f"{family.value}+{_DRIVERS[family]}"), family=family, file=None
    )


def _parse(url: str) -> URL:
    """What SQLAlchemy says of a bad URL may hold the password, so it is not passed on."""
    try:
        return make_url(url)
    except (exc.ArgumentError, ValueError):
        pass
    raise StoreError(
        "`store` is not a database URL",
        remedy=f"Write {KNOWN} in bridge.yaml; in a password write @ as %40, / as %2F and : as"
        " %3A.",
    )


def _file_address(url: URL, base: Path) -> Address:
    name = url.database or ""
    if not name or name == ":memory:" or name.startswith("file:"):
        raise StoreError(
            "`store` names no file that a sync log could be kept in",
            remedy="Write sqlite:///bridge.db in bridge.yaml: a sync log must outlive its run.",
        )
    if url.host or url.username:
        raise StoreError(
            "`store` names a SQLite file on a host, which does not exist",
            remedy="Write sqlite:/// with three slashes before a relative path, four before an"
            " absolute one.",
        )
    file = (base / name).absolute()
    return Address(
        url.set(drivername="sqlite+pysqlite", database=str(file)), Family.SQLITE, file=file
    )


def _need_driver(family: Family, scheme: str) -> None:
    driver = _DRIVERS[family]
    try:
        __import__(driver)
    except ImportError as error:
        raise StoreError(
            f"`store` is a {scheme}:// address, and the driver {driver} is not installed",
            remedy=f"Type: pip install 'bridge-accounts[{_EXTRAS[family]}]'",
        ) from error
