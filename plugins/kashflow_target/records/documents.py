"""KashFlow's invoices, credit notes and their payments."""

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TypeVar

from bridge.api import (
    AmbiguousMatchError,
    Days,
    Kind,
    OutcomeUnknownError,
    Payload,
    Reason,
    RecordRejectedError,
    Reference,
    TargetDocument,
    TargetPayment,
    TargetRef,
    rounded,
)
from kashflow_target.account.reference_data import is_currency
from kashflow_target.account.resolved import ResolvedAccount
from kashflow_target.records.lines import as_line, foreign_vat, lines_of, with_lines
from kashflow_target.soap.client import KashFlowClient
from kashflow_target.soap.replies import Row

# ISO 4217's code for "no currency". A document in a code that ISO does not know cannot be ours.
_NO_CURRENCY = "XXX"
_Found = TypeVar("_Found", TargetDocument, TargetPayment)


def midnight(day: dt.date) -> dt.datetime:
    """A day as KashFlow takes it: at 00:00:00, without a zone."""
    return dt.datetime(day.year, day.month, day.day)  # noqa: DTZ001 - KashFlow knows no zone


def currency_of(row: Row, books: ResolvedAccount) -> str:
    """A document's currency; none is the home currency (KashFlow manual, Invoice)."""
    code = row.text("CurrencyCode").strip().upper() or books.home
    return code if is_currency(code) else _NO_CURRENCY


def as_document(row: Row, books: ResolvedAccount) -> TargetDocument:
    """An invoice as it stands there, in its own currency; what was paid as payments are kept.

    KashFlow shows four decimals; ours have two, so rounding touches nobody's but others' figures.
    It counts a line of foreign VAT as net; here it is tax.
    """
    currency = currency_of(row, books)
    lines = lines_of(row)
    abroad = foreign_vat(lines, books)
    net, tax = row.decimal("NetAmount") - abroad, row.decimal("VATAmount") + abroad
    paid_in = books.home if books.payments_at_home else currency
    kind = Kind.CREDIT_NOTE if net + tax < 0 else Kind.INVOICE
    return TargetDocument(
        ref=TargetRef(kind, str(row.whole("InvoiceNumber")), str(row.whole("InvoiceDBID"))),
        reference=row.text("CustomerReference"),
        client=TargetRef(Kind.CLIENT, str(row.whole("CustomerID"))),
        date=row.day("InvoiceDate"),
        currency=currency,
        net=rounded(net, currency),
        tax=rounded(tax, currency),
        paid=rounded(row.decimal("AmountPaid"), paid_in),
        lines=tuple(as_line(line, currency, books) for line in lines),
    )


def as_payment(row: Row, kind: Kind, currency: str, books: ResolvedAccount) -> TargetPayment:
    """A payment as it stands there; `kind` is the document's."""
    account = row.whole("PayAccount")
    names = [each.name for each in books.accounts if each.id == account]
    return TargetPayment(
        ref=TargetRef(Kind.PAYMENT, str(row.whole("PayID"))),
        document=TargetRef(kind, str(row.whole("PayInvoice"))),
        note=row.text("PayNote"),
        date=row.day("PayDate"),
        amount=rounded(row.decimal("PayAmount"), currency),
        account=names[0] if names else str(account),
    )


def _only(found: Sequence[_Found], reference: Reference, where: str) -> _Found | None:
    by_id = {each.ref.id: each for each in found}
    if len(by_id) > 1:
        raise AmbiguousMatchError(
            f"{where} {' and '.join(sorted(by_id))} all carry the key {reference.token}",
            remedy="look at each in KashFlow and take the key out of those that are not ours",
            record=reference.token,
        )
    return found[0] if found else None


class DocumentRecords:
    """Invoices and credit notes of one account, with their payments."""

    def __init__(self, kashflow: KashFlowClient, books: Callable[[], ResolvedAccount]) -> None:
        self._kashflow = kashflow
        self._books = books

    def within(
        self, days: Sequence[Days], clients: Collection[TargetRef] = ()
    ) -> Iterator[TargetDocument]:
        """One call for each range and each client, each reply read as a stream."""
        books = self._books()
        for each in days:
            first, last = midnight(each.first), midnight(each.last)
            for row in self._kashflow.rows(
                "GetInvoicesByDateRange", "Invoice", StartDate=first, EndDate=last
            ):
                yield as_document(with_lines(row, self._kashflow, books), books)
        for client in clients:
            yield from self.of_client(client)

    def of_client(self, client: TargetRef) -> Iterator[TargetDocument]:
        """All documents of one customer."""
        books = self._books()
        for row in self._kashflow.rows("GetInvoicesForCustomer", "Invoice", CustID=int(client.id)):
            document = as_document(with_lines(row, self._kashflow, books), books)
            if document.client.id == client.id:
                yield document

    def find(self, reference: Reference, client: TargetRef) -> TargetDocument | None:
        """The one document of a customer whose reference begins with this key."""
        found = [each for each in self.of_client(client) if reference.heads(each.reference)]
        return _only(found, reference, "invoices")

    def payments(self, document: TargetRef) -> Iterator[TargetPayment]:
        """All payments of one document; KashFlow gives them by invoice number."""
        books = self._books()
        reply = self._kashflow.read("GetInvoicePayment", InvoiceNumber=int(document.id))
        if not reply.items:
            return
        currency = books.home if books.payments_at_home else self._currency(document, books)
        for row in reply.items:
            payment = as_payment(row, document.kind, currency, books)
            if payment.document.id == document.id:
                yield payment

    def _currency(self, document: TargetRef, books: ResolvedAccount) -> str:
        row = self._kashflow.read("GetInvoice", InvoiceNumber=int(document.id)).row
        return currency_of(row, books)

    def find_payment(self, reference: Reference, document: TargetRef) -> TargetPayment | None:
        """The one payment of a document whose note begins with this key."""
        found = [each for each in self.payments(document) if reference.heads(each.note)]
        return _only(found, reference, "payments")

    def create(self, payload: Payload, client: TargetRef, kind: Kind) -> TargetRef:
        """Make a document with its lines in one call.

        Its number is KashFlow's to give: one that is supplied may overwrite another invoice
        (KashFlow for WooCommerce, commit bdd29c2). The permanent id is not in the reply.
        """
        values = {**payload.body, "CustomerID": int(client.id)}
        fields = self._kashflow.requests().invoice(values)
        number = self._kashflow.insert("InsertInvoice", record=payload.reference, Inv=fields)
        return TargetRef(kind, str(number))

    def pay(self, payload: Payload, document: TargetRef) -> TargetRef:
        """Set money against a document, by its number (KashFlow manual, Payment)."""
        values = {**payload.body, "PayInvoice": int(document.id)}
        fields = self._kashflow.requests().record("Payment", values)
        made = self._kashflow.insert(
            "InsertInvoicePayment", record=payload.reference, InvoicePayment=fields
        )
        return TargetRef(Kind.PAYMENT, str(made))

    def apply(self, note: TargetRef, original: TargetRef) -> None:
        """Set a credit note against its original, unless it is so already.

        The call takes permanent ids and not numbers, and makes a payment of opposite sign on each
        (KashFlow manual; knowledge base, "Refunds and credit notes").
        """
        first, second = self._row(note), self._row(original)
        gross = first.decimal("NetAmount") + first.decimal("VATAmount")
        if gross == first.decimal("AmountPaid") and gross:
            return
        reply = self._kashflow.write(
            "applyCreditNoteToInvoice",
            record=str(note),
            InvoiceID=second.whole("InvoiceDBID"),
            CreditNoteID=first.whole("InvoiceDBID"),
        )
        if reply.result.lower() != "true":
            raise OutcomeUnknownError(
                f"KashFlow said neither yes nor no to setting {note} against {original}",
                remedy="look at the payments of both in KashFlow",
                record=str(note),
            )

    def remove(self, document: TargetRef) -> None:
        """Delete a document, by its permanent id where it is known, and see that it is gone."""
        if document.internal_id:
            self._kashflow.write(
                "DeleteInvoiceByID", record=str(document), InvoiceID=int(document.internal_id)
            )
            left = self._kashflow.look_after(
                "GetInvoiceByID", record=str(document), InvoiceID=int(document.internal_id)
            ).row
        else:
            self._kashflow.write(
                "DeleteInvoice", record=str(document), InvoiceNumber=int(document.id)
            )
            left = self._kashflow.look_after(
                "GetInvoice", record=str(document), InvoiceNumber=int(document.id)
            ).row
        if _is_there(left):
            raise _stays(document)

    def remove_payment(self, payment: TargetRef, document: TargetRef) -> None:
        """Delete a payment. The service of 2026 wants the invoice's number too."""
        self._kashflow.write(
            "DeleteInvoicePayment",
            record=str(payment),
            InvoiceNumber=int(document.id),
            InvoicePaymentNumber=int(payment.id),
        )
        left = self._kashflow.look_after(
            "GetInvoicePayment", record=str(payment), InvoiceNumber=int(document.id)
        ).items
        if any(row.text("PayID").strip() == payment.id for row in left):
            raise _stays(payment)

    def _row(self, document: TargetRef) -> Row:
        """One document by its number. A number that is free gives a blank one, with Status OK."""
        row = self._kashflow.read("GetInvoice", InvoiceNumber=int(document.id)).row
        if _is_there(row):
            return row
        raise RecordRejectedError(
            f"KashFlow has no invoice {document.id} any more",
            remedy="find out in KashFlow who deleted it and why",
            record=str(document),
            reason=Reason.REMOTE_MISSING.value,
        )


def _is_there(row: Row) -> bool:
    return row.text("InvoiceDBID").strip() not in {"", "0"}


def _stays(ref: TargetRef) -> RecordRejectedError:
    return RecordRejectedError(
        f"KashFlow did not delete {ref}",
        remedy="delete it by hand in KashFlow",
        record=str(ref),
    )
