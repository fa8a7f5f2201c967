"""Builders of what a source yields: clients, invoices with their money, headers."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from bridge.api import (
    BalanceEntry,
    BalanceOrigin,
    Client,
    Header,
    Hold,
    Invoice,
    InvoiceState,
    LineItem,
    LineKind,
    Money,
    Prices,
    Transaction,
    TransactionKind,
    client_ref,
    code_of,
    invoice_ref,
    rounded,
    total,
)
from bridge.testing.builders.amounts import DAY, STATUSES, gbp, tax_on


def a_client(
    client: int | str = 31,
    *,
    company: str = "Acme Widgets Ltd",
    first_name: str = "Ada",
    last_name: str = "Archer",
    email: str | None = None,
    phone: str = "+44 20 7946 0000",
    address: tuple[str, ...] = ("1 High Street", "Floor 2"),
    town: str = "Leeds",
    county: str = "West Yorkshire",
    postcode: str = "LS1 1AA",
    country: str = "GB",
    tax_number: str = "",
    tax_exempt: bool = False,
    currency: str = "GBP",
    balance: Money | None = None,
) -> Client:
    """A British company; its email follows its id."""
    return Client(
        ref=client_ref(client),
        company=company,
        first_name=first_name,
        last_name=last_name,
        email=_email(client) if email is None else email,
        phone=phone,
        address=address,
        town=town,
        county=county,
        postcode=postcode,
        country=country,
        tax_number=tax_number,
        tax_exempt=tax_exempt,
        currency=currency,
        balance=balance,
    )


def _email(client: int | str) -> str:
    return f"accounts@{code_of(f'client-{client}').lower()}.example"


def a_line(
    amount: Money | None = None,
    *,
    line: int | str = 1,
    kind: LineKind = LineKind.SALE,
    type: str = "Hosting",  # noqa: A002  # the field's own name
    description: str = "Starter Hosting, one year",
    taxed: bool = True,
    product: str = "Starter Hosting",
    product_group: str = "Web Hosting",
    related: str = "",
) -> LineItem:
    """A taxed line of hosting, 100.00 GBP."""
    return LineItem(
        id=str(line),
        kind=kind,
        type=type,
        description=description,
        amount=gbp("100.00") if amount is None else amount,
        taxed=taxed,
        product=product,
        product_group=product_group,
        related=related,
    )


def a_transaction(
    transaction: int | str = 900,
    *,
    client: int | str | None = 31,
    invoice: int | str | None = 501,
    money_in: Money | None = None,
    money_out: Money | None = None,
    fee: Money | None = None,
    date: dt.date = DAY,
    gateway: str = "stripe",
    kind: TransactionKind | None = None,
    rate: Decimal | None = None,
    reference: str | None = None,
    refund_of: str = "",
    description: str = "Invoice Payment",
) -> Transaction:
    """A payment of 120.00 GBP by card; with `money_out` alone, a refund."""
    if money_in is None:
        money_in = gbp("120.00") if money_out is None else Money.zero(money_out.currency)
    zero = Money.zero(money_in.currency)
    if kind is None:
        kind = TransactionKind.REFUND if money_out else TransactionKind.PAYMENT
    return Transaction(
        id=str(transaction),
        kind=kind,
        client=None if client is None else client_ref(client),
        invoice=None if invoice is None else invoice_ref(invoice),
        date=date,
        gateway=gateway,
        money_in=money_in,
        money_out=zero if money_out is None else money_out,
        fee=zero if fee is None else fee,
        rate=rate,
        reference=f"txn_{transaction}" if reference is None else reference,
        refund_of=refund_of,
        description=description,
    )


def an_invoice(
    invoice: int | str = 501,
    *,
    client: int | str = 31,
    number: str | None = None,
    state: InvoiceState = InvoiceState.PAID,
    status: str | None = None,
    issued: dt.date | None = DAY,
    due: dt.date | None = DAY,
    paid_on: dt.date | None = None,
    net: Money | None = None,
    tax: Money | None = None,
    tax2: Money | None = None,
    tax_rate: Decimal = Decimal(20),
    tax_rate2: Decimal = Decimal(0),
    credit: Money | None = None,
    prices: Prices = Prices.EXCLUSIVE,
    gateway: str = "stripe",
    lines: Sequence[LineItem] | None = None,
    transactions: Sequence[Transaction] | None = None,
    containers: Sequence[Invoice] = (),
    holds: Sequence[Hold] = (),
    tax_name: str = "VAT",
) -> Invoice:
    """A paid invoice whose figures add up.

    `net` without `lines` makes one line of it; `lines` without `net` and `tax` are summed and
    taxed at `tax_rate`. A paid one without `transactions` was paid in full by one, whose id is
    the invoice's plus 399, or begins with ``ch_`` where that is no number.
    """
    if lines is None:
        lines = (a_line(net),)
    if net is None or tax is None:
        counted_net, counted_tax = _figures(lines, tax_rate, prices)
        net = counted_net if net is None else net
        tax = counted_tax if tax is None else tax
    zero = Money.zero(net.currency)
    tax2 = zero if tax2 is None else tax2
    credit = zero if credit is None else credit
    if state is InvoiceState.PAID and paid_on is None:
        paid_on = issued
    if transactions is None:
        due_now = net + tax + tax2 - credit
        paid = state is InvoiceState.PAID and bool(due_now)
        transactions = (_in_full(invoice, client, due_now, paid_on, gateway),) if paid else ()
    return Invoice(
        ref=invoice_ref(invoice),
        client=client_ref(client),
        number=f"INV-2026-{invoice}" if number is None else number,
        state=state,
        status=STATUSES[state] if status is None else status,
        issued=issued,
        due=due,
        paid_on=paid_on,
        currency=net.currency,
        net=net,
        tax=tax,
        tax2=tax2,
        tax_rate=tax_rate,
        tax_rate2=tax_rate2,
        credit=credit,
        prices=prices,
        gateway=gateway,
        lines=tuple(lines),
        transactions=tuple(transactions),
        containers=tuple(containers),
        holds=tuple(holds),
        tax_name=tax_name,
    )


def _figures(lines: Sequence[LineItem], rate: Decimal, prices: Prices) -> tuple[Money, Money]:
    currency = lines[0].amount.currency
    amount = total((line.amount for line in lines), currency)
    taxed = total((line.amount for line in lines if line.taxed), currency)
    if prices is Prices.INCLUSIVE:
        tax = rounded(taxed.amount * rate / (100 + rate), currency)
        return amount - tax, tax
    return amount, tax_on(taxed, rate)


def _in_full(
    invoice: int | str, client: int | str, amount: Money, day: dt.date | None, gateway: str
) -> Transaction:
    return a_transaction(
        invoice + 399 if isinstance(invoice, int) else f"ch_{invoice}",
        client=client,
        invoice=invoice,
        money_in=amount,
        date=day or DAY,
        gateway=gateway,
    )


def a_balance_entry(
    entry: int | str = 70,
    *,
    client: int | str = 31,
    amount: Money | None = None,
    date: dt.date = DAY,
    origin: BalanceOrigin = BalanceOrigin.PREPAYMENT,
    description: str = "Add Funds",
    invoice: int | str | None = None,
) -> BalanceEntry:
    """240.00 GBP put on the client's balance."""
    return BalanceEntry(
        id=str(entry),
        client=client_ref(client),
        date=date,
        amount=gbp("240.00") if amount is None else amount,
        origin=origin,
        description=description,
        invoice=None if invoice is None else invoice_ref(invoice),
    )


def a_header(invoice: Invoice | None = None, *, fingerprint: str | None = "") -> Header:
    """The scan's row of `invoice`; an empty `fingerprint` is replaced by the invoice's own."""
    invoice = an_invoice() if invoice is None else invoice
    return Header(
        ref=invoice.ref,
        client=invoice.client,
        number=invoice.number,
        state=invoice.state,
        status=invoice.status,
        issued=invoice.issued,
        paid_on=invoice.paid_on,
        gross=invoice.gross,
        fingerprint=invoice.fingerprint() if fingerprint == "" else fingerprint,
    )
