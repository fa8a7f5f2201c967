"""Where what was written waits to be read back, in bulk and beside the writing."""

import threading

from bridge.engine.halt import Halt
from bridge.engine.write.verify import Verifier
from bridge.model.reasons import Hold
from bridge.model.refs import SourceRef
from bridge.store.tables.values import EntryRow

_BATCH = 200
_ROOM = 4 * _BATCH


class ReadBackLine:
    """Collects what is written and committed, and reads it back once there is enough of it."""

    def __init__(self, verifier: Verifier, halt: Halt) -> None:
        self._verifier = verifier
        self._halt = halt
        self._changed = threading.Condition()
        self._rows: list[EntryRow] = []
        self._remarks: dict[SourceRef, Hold] = {}
        self._is_ended = False
        self._is_closed = False

    def put(self, row: EntryRow, remark: Hold | None) -> None:
        """Have an entry read back, after waiting while too many are behind."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or len(self._rows) < _ROOM)
            self._rows.append(row)
            if remark:
                self._remarks[row.invoice] = remark
            self._changed.notify_all()

    def end(self) -> None:
        """Nothing more comes: read back the rest."""
        with self._changed:
            self._is_ended = True
            self._changed.notify_all()

    def close(self) -> None:
        """Leave the rest to the next run."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def work(self) -> None:
        """Read back until the end. Runs on a thread of its own."""
        while rows := self._next():
            with self._changed:
                remarks = {
                    row.invoice: self._remarks.pop(row.invoice)
                    for row in rows
                    if row.invoice in self._remarks
                }
            self._verifier.verify(rows, remarks)

    def _next(self) -> list[EntryRow]:
        with self._changed:
            self._changed.wait_for(self._has_enough)
            if self._is_closed or self._halt.ends_steps:
                return []
            rows, self._rows = self._rows[:_BATCH], self._rows[_BATCH:]
            self._changed.notify_all()
            return rows

    def _has_enough(self) -> bool:
        return self._is_closed or self._is_ended or len(self._rows) >= _BATCH
