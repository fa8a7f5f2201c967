"""Mass payments: one payment for several invoices, proved by sums to the penny. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bridge.engine.decide.inputs import oldest_first
from bridge.model.money import Money, total
from bridge.model.reasons import Hold, Reason
from bridge.model.source_records import (
    Invoice,
    InvoiceState,
    LineKind,
    Transaction,
    TransactionKind,
)


@dataclass(frozen=True, slots=True)
class PaymentShare:
    """What of one transaction concerns one invoice.

    Attributes:
        bears_fee: Whether the transaction's fee is booked with this invoice: once, on the first.
    """

    row: Transaction
    amount: Money
    bears_fee: bool = True


def container_shares(invoice: Invoice) -> tuple[PaymentShare, ...] | Hold:
    """The shares of this invoice in the mass payments that name it.

    Nothing is taken on trust: same client, paid, no tax, nothing sold, its lines sum to its total,
    its money and the balance it used to the same, and together the shares are no more than the
    credit that the invoice shows. What of that credit no share explains is balance: used on the
    invoice itself, or through the container.
    """
    shares: list[PaymentShare] = []
    for container in invoice.containers:
        wrong = _doubt(container, invoice)
        if wrong:
            return _unproven(container, wrong)
        shares.extend(_split(container, invoice))
    claimed = total((share.amount for share in shares), invoice.currency)
    if claimed > invoice.credit:
        return Hold(
            Reason.MASS_PAY_UNPROVEN,
            f"mass payments name it with {claimed}, but it shows only {invoice.credit} of credit",
            "look at its credit and at the mass payments in the source",
        )
    return tuple(shares)


def _doubt(container: Invoice, invoice: Invoice) -> str:
    paid = total(
        (row.money_in for row in oldest_first(container, TransactionKind.PAYMENT)),
        container.currency,
    )
    checks = (
        (container.client == invoice.client, "belongs to another client"),
        (container.state is InvoiceState.PAID, f"is {container.status.lower()}"),
        (
            all(line.kind is LineKind.SETTLEMENT for line in container.lines),
            "sells something besides",
        ),
        (not container.tax and not container.tax2, "bears tax"),
        (not container.containers, "was itself paid by another mass payment"),
        (container.credit.amount >= 0, f"shows {container.credit} of credit"),
        (
            total((line.amount for line in container.lines), container.currency) == container.gross,
            "has lines that do not sum to its total",
        ),
        (
            paid + container.credit == container.gross,
            f"received {paid} and {container.credit} of balance for {container.gross}",
        ),
        (
            all(row.kind is TransactionKind.PAYMENT for row in container.transactions),
            "had money returned",
        ),
    )
    return next((words for holds, words in checks if not holds), "")


def _split(container: Invoice, invoice: Invoice) -> Iterator[PaymentShare]:
    """Walk lines and transactions side by side, so that the pieces sum to both.

    Balance that the container used goes to its first lines, since the source takes it off before
    it asks for money.
    """
    rows = [
        (row, row.money_in)
        for row in oldest_first(container, TransactionKind.PAYMENT)
        if row.money_in
    ]
    balance = container.credit
    with_fee: set[str] = set()
    for line in container.lines:
        from_balance = min(balance, line.amount) if line.amount.amount > 0 else balance - balance
        balance -= from_balance
        wanted = line.amount - from_balance
        while wanted.amount > 0 and rows:
            row, left = rows[0]
            piece = min(left, wanted)
            mine = line.related == invoice.ref.id
            if mine:
                yield PaymentShare(row, piece, bears_fee=row.id not in with_fee)
            with_fee.add(row.id)
            wanted -= piece
            rows[0] = (row, left - piece)
            if not rows[0][1]:
                rows.pop(0)


def _unproven(container: Invoice, why: str) -> Hold:
    return Hold(
        Reason.MASS_PAY_UNPROVEN,
        f"the mass payment {container.number} that names it {why}",
        "look at the mass payment in the source; if it cannot be mended, book this invoice by hand"
        " and `bridge skip` it with the reason",
    )


def merged(shares: Sequence[PaymentShare]) -> list[PaymentShare]:
    """Shares of the same transaction as one, since a key stands for one payment."""
    result: dict[str, PaymentShare] = {}
    for share in shares:
        before = result.get(share.row.id)
        result[share.row.id] = (
            PaymentShare(
                share.row, before.amount + share.amount, before.bears_fee or share.bears_fee
            )
            if before
            else share
        )
    return list(result.values())
