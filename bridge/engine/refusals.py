"""The same refusal for several invoices in a row is the account's trouble, not the invoices'."""

from dataclasses import dataclass, field

from bridge.api import AccessError, RecordRejectedError
from bridge.engine.tell import Teller
from bridge.store.rows import EntryRow

_IN_A_ROW = 3


@dataclass(slots=True)
class RefusalsInARow:
    """Counts unexplained refusals with the same words, one after the other."""

    teller: Teller
    text: str = ""
    rows: list[EntryRow] = field(default_factory=list)

    def clear(self) -> None:
        """An invoice went through: the account is in order."""
        self.text, self.rows = "", []

    def add(self, row: EntryRow, error: RecordRejectedError) -> None:
        """Count one.

        Raises:
            AccessError: it was the third; all three have their tries back.
        """
        if error.reason:
            return
        text = error.text or error.what
        if text != self.text:
            self.text, self.rows = text, []
        self.rows.append(row)
        if len(self.rows) < _IN_A_ROW:
            return
        for each in self.rows:
            self.teller.give_back(each)
        raise AccessError(
            f"the target refused {_IN_A_ROW} invoices in a row with the same words: {text}",
            remedy="find out in the target what it means for the account; if it is about single"
            " invoices, name it under target.refusal_texts; nothing is lost, run again",
        )
