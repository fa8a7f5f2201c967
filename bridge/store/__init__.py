"""The sync log: what was seen, decided, sent and answered. SQLAlchemy Core, three databases.

Importing this package imports no database library; opening a log does.
"""

from bridge.store.opening import open_log

__all__ = ["open_log"]
