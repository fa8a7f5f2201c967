"""The sync log: what was seen, decided, sent and answered. SQLAlchemy Core, three databases.

Importing this package imports no database library; opening a log does.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.store.sync_log import SyncLog

__all__ = ["open_log"]


def open_log(url: str, name: str, *, base: Path, create: bool = True) -> "SyncLog":
    """The sync log of the bridge `name`. Opening writes nothing and, with `create`, reads nothing.

    Args:
        url: Any of ``sqlite:///FILE``, ``postgresql://...``, ``mysql://...``, ``mariadb://...``.
        name: The bridge's name; several share a database.
        base: What a relative SQLite path is relative to: the directory of bridge.yaml.
        create: Whether `migrate` may be called next, to make or upgrade the log. Without it the
            log must be there, in this version's form.

    Raises:
        StoreError: the address is wrong, its driver is missing or, without `create`, the log
            cannot be reached, is not there, or is of another version.
    """
    from bridge.store.db.connection import Database
    from bridge.store.db.url import read_address
    from bridge.store.sync_log import SyncLog

    log = SyncLog(Database(read_address(url, base=base)), name)
    if not create:
        try:
            log.check()
        except BaseException:
            log.close()
            raise
    return log
