"""The rows of one bridge, on which the questions to each table rest."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from bridge.store.db.connection import Database
from bridge.store.lease import Lease
from bridge.store.lock import check_token
from bridge.store.migrate import refuse_unreadable, revision_of

T = TypeVar("T")


class BridgeRows:
    """The rows of the bridge `name` in one database; several bridges share a database by name."""

    def __init__(self, database: Database, name: str) -> None:
        self._opened = database
        self._name = name
        self._lease: Lease | None = None
        self._checked = False

    @property
    def _database(self) -> Database:
        self.check()
        return self._opened

    def check(self) -> None:
        """Raise StoreError unless the log is there, in a form that can be read. Asks once."""
        if not self._checked:
            refuse_unreadable(revision_of(self._opened), self._opened.where)
            self._checked = True

    def _write(self, job: Callable[[Connection], T], lease: Lease | None = None) -> T:
        """Do `job` in one transaction, under the lease given, else under the one that is held."""

        def checked(connection: Connection) -> T:
            self._check_lease(connection, lease or self._lease)
            return job(connection)

        return self._database.write(checked)

    def _check_lease(self, connection: Connection, lease: Lease | None) -> None:
        if lease is not None:
            check_token(connection, self._name, lease.token)
