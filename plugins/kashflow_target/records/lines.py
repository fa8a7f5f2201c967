"""The lines of KashFlow's documents, among them foreign VAT, which KashFlow takes for net."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from bridge.api import TargetLine, rounded
from kashflow_target.account.resolved import ResolvedAccount
from kashflow_target.soap.client import KashFlowClient
from kashflow_target.soap.replies import Row
from kashflow_target.vat.rules import NOT_APPLICABLE


def lines_of(row: Row) -> Sequence[Row]:
    """The lines, in the order in which they stand on the invoice."""
    lines = [
        line
        for block in row.nested.get("Lines", ())
        for name in ("anyType", "InvoiceLine")
        for line in block.nested.get(name, ())
    ]
    return sorted(lines, key=lambda line: int(line.text("Sort").strip() or 0))


def with_lines(row: Row, kashflow: KashFlowClient, books: ResolvedAccount) -> Row:
    """A document of a list reply, read by itself where its lines are needed and not there.

    Whether lists always carry lines is not documented. Only by them can foreign VAT be told from
    what was sold, so without the setting for it, or with UK VAT on the document, nothing is asked.
    """
    if books.ledger.foreign_vat is None or lines_of(row) or row.decimal("VATAmount"):
        return row
    return kashflow.read("GetInvoice", InvoiceNumber=row.whole("InvoiceNumber")).row


def as_line(row: Row, currency: str, books: ResolvedAccount) -> TargetLine:
    """A line in the document's currency."""
    net, tax = _amount(row), row.decimal("VatAmount")
    if _is_foreign_vat(row, books):
        net, tax = Decimal(0), net + tax
    return TargetLine(row.text("Description"), rounded(net, currency), rounded(tax, currency))


def foreign_vat(lines: Iterable[Row], books: ResolvedAccount) -> Decimal:
    """What of a document's net is another state's VAT, as `compose_invoice` writes it."""
    return sum((_amount(line) for line in lines if _is_foreign_vat(line, books)), Decimal(0))


def _amount(line: Row) -> Decimal:
    return line.decimal("Quantity") * line.decimal("Rate")


def _is_foreign_vat(line: Row, books: ResolvedAccount) -> bool:
    nominal = books.ledger.foreign_vat
    return (
        nominal is not None
        and line.whole("ChargeType") == nominal.id
        and line.decimal("VatRate") == NOT_APPLICABLE
    )
