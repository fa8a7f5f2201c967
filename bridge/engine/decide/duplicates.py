"""Transactions that are alike: one charge told twice, or two. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bridge.engine.decide.answers import CHARGES, Answer, Answers
from bridge.model.money import Money
from bridge.model.reasons import Hold, Reason
from bridge.model.source_records import Transaction


@dataclass(frozen=True, slots=True)
class Deduplicated:
    """Rows that count as money, and those that wait for an answer.

    Attributes:
        dropped: Row ids that were answered to be no money.
        waits: The question, where one is open.
    """

    counted: tuple[Transaction, ...]
    dropped: frozenset[str]
    waits: Hold | None


def twins(rows: Sequence[Transaction]) -> Iterator[tuple[Transaction, Transaction]]:
    """Each row that is like an earlier one: same gateway, same id that is not empty, same amount.

    `rows` are one invoice's payments, oldest first; each answer is (the first, its like).
    """
    seen: dict[tuple[str, str, Money], Transaction] = {}
    for row in rows:
        key = (row.gateway, row.reference, row.money_in)
        if row.reference and key in seen:
            yield seen[key], row
        elif row.reference:
            seen[key] = row


def deduplicate(rows: Sequence[Transaction], answers: Answers, invoice: str) -> Deduplicated:
    """What is certain: the first of two counts, its like only as far as a person said so."""
    dropped: set[str] = set()
    asked: set[str] = set()
    waits: Hold | None = None
    for first, second in twins(rows):
        answer = answers.of(CHARGES, second.id)
        if answer is None:
            asked.add(second.id)
            waits = waits or _question(first, second, invoice)
        elif answer.answer is Answer.ONE_CHARGE:
            dropped.add(second.id)
    counted = tuple(row for row in rows if row.id not in asked | dropped)
    return Deduplicated(counted, frozenset(dropped), waits)


def _question(first: Transaction, second: Transaction, invoice: str) -> Hold:
    return Hold(
        Reason.DUPLICATE_TRANSACTION,
        f"transactions {first.id} and {second.id} are alike: {first.gateway}, {first.reference},"
        f" {first.money_in}; the first is booked, the second is not",
        "check the gateway's statement: one charge or two? Then"
        f" `bridge answer {invoice} one-charge` or `bridge answer {invoice} two-charges`, with"
        " --because",
    )
