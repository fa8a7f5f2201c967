"""What persons answered where bridge cannot know: read out of the event log, never pruned."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from bridge.model.refs import SourceRef
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import EventRow

ANSWER = "answer"
"""The code of the events that hold answers."""


class Answer(StrEnum):
    """A word that `bridge answer` takes."""

    ONE_CHARGE = "one-charge"  # of two rows that are alike, the second is no money
    TWO_CHARGES = "two-charges"  # it is money, beyond what was due
    NOT_SUPPLIED = "not-supplied"  # of a cancelled sale: a credit note takes back the rest
    SUPPLIED_UNPAID = "supplied-unpaid"  # of a cancelled sale: it stays a debtor
    BOOK_ADDED = "book-added"  # lines added after booking: a second document


CHARGES = frozenset({Answer.ONE_CHARGE, Answer.TWO_CHARGES})
CANCELLED = frozenset({Answer.NOT_SUPPLIED, Answer.SUPPLIED_UNPAID})


@dataclass(frozen=True, slots=True)
class Given:
    """One answer.

    Attributes:
        about: Row ids of the transactions, or of the lines, that it is about.
        who: ``user@host``.
        day: Local calendar day on which it was given.
    """

    answer: Answer
    about: tuple[str, ...]
    who: str
    because: str
    day: dt.date


@dataclass(frozen=True, slots=True)
class Answers:
    """All that was answered about one invoice, oldest first."""

    given: tuple[Given, ...] = ()

    def of(self, words: Collection[Answer], about: str = "") -> Given | None:
        """The latest of these answers; with `about`, of those that are about this row."""
        for one in reversed(self.given):
            if one.answer in words and (not about or about in one.about):
                return one
        return None

    def added(self) -> list[Given]:
        """The answers by which added lines became documents, in the order of the documents."""
        return [one for one in self.given if one.answer is Answer.BOOK_ADDED]


NO_ANSWERS = Answers()


def read_answers(log: SyncLog, invoice: SourceRef) -> Answers:
    """What the log holds about one invoice."""
    return Answers(tuple(_given(row) for row in log.events(invoice=invoice) if row.code == ANSWER))


def _given(row: EventRow) -> Given:
    data = row.data
    about = data["about"]
    return Given(
        answer=Answer(str(data["answer"])),
        about=tuple(str(one) for one in about) if isinstance(about, list | tuple) else (),
        who=str(data["who"]),
        because=str(data["because"]),
        day=dt.date.fromisoformat(str(data["day"])),
    )
