"""Builders of what a target is asked to write: sales, payments, credit notes, movements."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from bridge.api import (
    Client,
    CreditNote,
    LineKind,
    Money,
    Movement,
    MovementKind,
    PaidFrom,
    Payment,
    Rate,
    Reference,
    Sale,
    SaleLine,
    SourceRef,
    client_ref,
    invoice_ref,
    payment_ref,
    refund_ref,
    token_of,
)
from bridge.model.keys import Key, Role
from bridge.testing.builders.amounts import DAY, LABEL, gbp, tax_on
from bridge.testing.builders.source_values import a_client

_ROLES = {
    MovementKind.BALANCE_IN: Role.PREPAID,
    MovementKind.EXCESS: Role.EXCESS,
    MovementKind.BALANCE_OUT: Role.RETURNED,
    MovementKind.BY_HAND: Role.GIVEN,
}


def a_reference(ref: SourceRef, detail: str = "", *, label: str = LABEL) -> Reference:
    """The text that carries `ref`."""
    return Reference(token_of(label, ref), detail)


def a_sale_line(
    net: Money | None = None,
    *,
    tax: Money | None = None,
    tax_rate: Decimal = Decimal(20),
    kind: LineKind = LineKind.SALE,
    type: str = "Hosting",  # noqa: A002  # the field's own name
    description: str = "Starter Hosting, one year",
    tax_name: str = "VAT",
    product: str = "Starter Hosting",
    product_group: str = "Web Hosting",
    reduces: str = "",
) -> SaleLine:
    """A line of 100.00 GBP and its tax at `tax_rate`."""
    net = gbp("100.00") if net is None else net
    return SaleLine(
        kind=kind,
        type=type,
        description=description,
        net=net,
        tax=tax_on(net, tax_rate) if tax is None else tax,
        tax_rate=tax_rate,
        tax_name=tax_name,
        product=product,
        product_group=product_group,
        reduces=reduces,
        taxed=bool(tax_rate),
    )


def a_sale(
    invoice: int | str = 501,
    *,
    ref: SourceRef | None = None,
    client: Client | None = None,
    date: dt.date = DAY,
    due: dt.date | None = DAY,
    lines: Sequence[SaleLine] | None = None,
    number: str | None = None,
    rate: Rate | None = None,
    label: str = LABEL,
) -> Sale:
    """An invoice to write: one line of hosting; its currency is that of the lines."""
    lines = (a_sale_line(),) if lines is None else lines
    currency = lines[0].net.currency
    ref = invoice_ref(invoice) if ref is None else ref
    return Sale(
        ref=ref,
        reference=a_reference(
            ref, f"INV-2026-{invoice}" if number is None else number, label=label
        ),
        client=a_client(currency=currency) if client is None else client,
        date=date,
        due=due,
        currency=currency,
        lines=tuple(lines),
        rate=rate,
    )


def a_payment(
    amount: Money | None = None,
    *,
    transaction: int | str = 900,
    invoice: int | str = 501,
    date: dt.date = DAY,
    base_amount: Money | None = None,
    gateway: str = "stripe",
    paid_from: PaidFrom = PaidFrom.GATEWAY,
    label: str = LABEL,
) -> Payment:
    """120.00 GBP by card; without `base_amount` an amount in pounds is its own."""
    amount = gbp("120.00") if amount is None else amount
    ref = payment_ref(transaction, invoice)
    if base_amount is None and amount.currency == "GBP":
        base_amount = amount
    return Payment(
        ref=ref,
        reference=a_reference(ref, f"txn_{transaction}", label=label),
        invoice=invoice_ref(invoice),
        date=date,
        amount=amount,
        base_amount=base_amount,
        gateway=gateway,
        paid_from=paid_from,
    )


def a_credit_note(
    refund: int | str = 905,
    *,
    original: int | str = 501,
    original_number: str = "1",
    client: Client | None = None,
    date: dt.date = DAY,
    lines: Sequence[SaleLine] | None = None,
    label: str = LABEL,
) -> CreditNote:
    """A note that credits a quarter of the default sale: -25.00 and -5.00 GBP."""
    lines = (a_sale_line(gbp("-25.00"), description="Refund"),) if lines is None else lines
    return CreditNote(
        sale=a_sale(
            ref=refund_ref(refund),
            number="",
            client=client,
            date=date,
            due=None,
            lines=lines,
            label=label,
        ),
        original=invoice_ref(original),
        original_number=original_number,
    )


def a_movement(
    transaction: int | str = 900,
    *,
    kind: MovementKind = MovementKind.FEE,
    amount: Money | None = None,
    date: dt.date = DAY,
    gateway: str = "stripe",
    client: int | str | None = None,
    base_amount: Money | None = None,
    paid_in: str = "",
    label: str = LABEL,
) -> Movement:
    """A gateway's fee of 1.95 GBP; without `base_amount` an amount in pounds is its own."""
    amount = gbp("-1.95") if amount is None else amount
    if base_amount is None and amount.currency == "GBP":
        base_amount = amount
    key = Key(_ROLES.get(kind, Role.FEE), str(transaction))
    if kind is MovementKind.EXCHANGE_DIFFERENCE:
        key = Key(Role.EXCHANGE, on=Key.of(payment_ref(transaction, 501)))
    ref = key.ref
    return Movement(
        ref=ref,
        reference=a_reference(ref, f"txn_{transaction}", label=label),
        kind=kind,
        date=date,
        amount=amount,
        gateway=gateway,
        client=None if client is None else client_ref(client),
        base_amount=base_amount,
        paid_in=paid_in,
    )
