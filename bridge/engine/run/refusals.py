"""The same refusal for several invoices in a row is the account's trouble, not the invoices'."""

import threading
from dataclasses import dataclass, field

from bridge.engine.write.entry_states import Teller
from bridge.errors import AccessError, RecordRejectedError
from bridge.store.tables.values import EntryRow

_IN_A_ROW = 3


@dataclass(slots=True)
class RefusalsInARow:
    """Counts unexplained refusals with the same words, one after the other, of all workers."""

    text: str = ""
    rows: list[EntryRow] = field(default_factory=list)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def clear(self) -> None:
        """An invoice went through: the account is in order."""
        with self._guard:
            self.text, self.rows = "", []

    def add(self, row: EntryRow, error: RecordRejectedError, teller: Teller) -> None:
        """Count one, whose failure is in the log already.

        Raises:
            AccessError: it was the third, or came after it; all have their tries back.
        """
        if error.reason:
            return
        text = error.text or error.what
        with self._guard:
            if text != self.text:
                self.text, self.rows = text, []
            self.rows.append(row)
            if len(self.rows) < _IN_A_ROW:
                return
            for each in self.rows:
                teller.give_back(each)
        raise AccessError(
            f"the target refused {_IN_A_ROW} invoices in a row with the same words: {text}",
            remedy="find out in the target what it means for the account; if it is about single"
            " invoices, name it under target.refusal_texts; nothing is lost, run again",
        )
