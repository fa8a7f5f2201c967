"""What persons answered where bridge cannot know."""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from bridge.store.tables.values import AnswerRow


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


def answers_of(rows: Iterable[AnswerRow]) -> Answers:
    """The answers in these rows of the sync log, oldest first."""
    return Answers(
        tuple(Given(Answer(row.answer), row.about, row.who, row.because, row.day) for row in rows)
    )
