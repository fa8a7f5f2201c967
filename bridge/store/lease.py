"""The run lock as those who write see it."""

from typing import Protocol


class Lease(Protocol):
    """The run lock, held. Entered by `SyncLog.lock`; a heartbeat thread renews it."""

    token: str

    def check(self) -> None:
        """Immediate and without I/O: is the lease still ours on a clock that counts suspension?

        Raises:
            LockLostError: it ran out; nothing may be written any more.
        """
        ...
