"""Money that comes: payments, mass payments, funds, credit; and changes of its rows."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from whmcs_source.sandbox.desk import AdminArea, DeskError
from whmcs_source.sandbox.invoicing import create_invoice
from whmcs_source.sandbox.money import Amount, cents, exact, money
from whmcs_source.sandbox.settling import apply_note, credit_note, settle, take_credit, use_balance
from whmcs_source.sandbox.state import insert, update

_CANCELLED = "It is not possible to add a payment to an invoice that is Cancelled"


def pay(
    desk: AdminArea,
    *,
    invoice: int,
    amount: Amount | None = None,
    gateway: str | None = None,
    fees: Amount = "0",
    transid: str = "",
    date: str | None = None,
    rate: str | None = None,
    description: str = "Invoice Payment",
) -> int:
    """Take a payment, by default of the balance, and answer the transaction's id.

    What is more than that becomes the client's credit (WHMCS documentation, Transactions).
    """
    row, when, due = desk.invoice(invoice), desk.moment(date), desk.balance(invoice)
    if row["status"] == "Cancelled":
        raise DeskError(_CANCELLED)
    received = cents(due if amount is None else amount)
    paid = insert(
        desk.database,
        "tblaccounts",
        {
            "userid": row["userid"],
            "gateway": row["paymentmethod"] if gateway is None else gateway,
            "date": when,
            "description": description,
            "amountin": money(received),
            "fees": money(fees),
            "rate": rate or desk.rate_of(row["userid"]),
            "transid": transid,
            "invoiceid": invoice,
        },
    )
    if (excess := received - max(due, Decimal(0))) > 0:
        words, detail = "Invoice {} Overpayment", f"#{invoice}"
        desk.note_balance(row["userid"], excess, words, when, detail=detail, invoice=invoice)
    if desk.balance(invoice) <= 0:
        settle(desk, invoice, when)
    return paid


def mark_paid(
    desk: AdminArea, *, invoice: int, amount: Amount = "0", date: str | None = None
) -> int:
    """Call an invoice paid although money is missing.

    8.x writes a transaction without a gateway; whether it holds the rest or nothing is open, so
    `amount` says. 9.x writes a credit note for the rest.
    """
    when, left = desk.moment(date), desk.balance(invoice)
    if desk.modern:
        note = credit_note(desk, invoice=invoice, amount=left, date=when)
        row_id = apply_note(desk, invoice, note, when)
    else:
        row_id = record_money(
            desk,
            client=desk.invoice(invoice)["userid"],
            invoice=invoice,
            amount_in=amount,
            date=when,
            description="Invoice Payment",
        )
    settle(desk, invoice, when)
    return row_id


def mass_pay(
    desk: AdminArea,
    *,
    invoices: Sequence[int],
    gateway: str | None = None,
    transid: str = "",
    fees: Amount = "0",
    date: str | None = None,
    rate: str | None = None,
    container: int | None = None,
    paid: bool = True,
) -> int:
    """Pay several invoices at once, and answer the container's id (`container` if given)."""
    rows = [desk.invoice(invoice_id) for invoice_id in invoices]
    if len({row["userid"] for row in rows}) != 1:
        raise DeskError("a mass payment takes invoices of one client")
    lines = [
        {
            "type": "Invoice",
            "relid": row["id"],
            "description": f"Invoice #{row['invoicenum'] or row['id']}",
            "amount": desk.balance(row["id"]),
            "taxed": False,
        }
        for row in rows
    ]
    created = create_invoice(
        desk,
        client=rows[0]["userid"],
        lines=lines,
        date=date,
        gateway=gateway,
        taxrate="0",
        invoice=container,
    )
    if paid:
        pay(desk, invoice=created, fees=fees, transid=transid, date=date, rate=rate)
    return created


def add_funds(
    desk: AdminArea,
    *,
    client: int,
    amount: Amount,
    gateway: str | None = None,
    transid: str = "",
    fees: Amount = "0",
    date: str | None = None,
    rate: str | None = None,
    invoice: int | None = None,
) -> int:
    """Put money on a client's balance, and answer the add-funds invoice's id."""
    line = {"type": "AddFunds", "description": "Add Funds", "amount": amount, "taxed": False}
    created = create_invoice(
        desk,
        client=client,
        lines=[line],
        date=date,
        gateway=gateway,
        taxrate="0",
        invoice=invoice,
    )
    pay(desk, invoice=created, fees=fees, transid=transid, date=date, rate=rate)
    return created


def add_credit(
    desk: AdminArea,
    *,
    client: int,
    amount: Amount,
    description: str = "Goodwill",
    date: str | None = None,
) -> int:
    """Change a client's credit by hand; no transaction stands behind it."""
    return desk.move_balance(client, exact(amount), description, desk.moment(date))


def apply_credit(
    desk: AdminArea, *, invoice: int, amount: Amount | None = None, date: str | None = None
) -> str:
    """Pay from the client's balance, and answer how much; as much as there is when absent."""
    row, when, left = desk.invoice(invoice), desk.moment(date), desk.balance(invoice)
    if row["status"] != "Unpaid":
        raise DeskError("Invoice Not in Unpaid Status")
    held = exact(desk.client(row["userid"])["credit"])
    used = min(held, left) if amount is None else cents(amount)
    if used > held:
        raise DeskError("Amount exceeds customer credit balance")
    if used > left:
        raise DeskError("Amount Exceeds Invoice Balance")
    use_balance(desk, invoice, used, when)
    take_credit(desk, invoice, used, when)
    if desk.balance(invoice) <= 0:
        settle(desk, invoice, when)
    return money(used)


def record_money(
    desk: AdminArea,
    *,
    client: int = 0,
    invoice: int = 0,
    amount_in: Amount = "0",
    amount_out: Amount = "0",
    fees: Amount = "0",
    gateway: str = "",
    transid: str = "",
    currency: int = 0,
    rate: str | None = None,
    description: str = "",
    date: str | None = None,
) -> int:
    """Write a transaction and nothing else: income or expense, with or without a client."""
    if not client and not currency:
        raise DeskError("A Currency ID is required for non-customer related transactions")
    return insert(
        desk.database,
        "tblaccounts",
        {
            "userid": client,
            "currency": 0 if client else currency,
            "gateway": gateway,
            "date": desk.moment(date),
            "description": description,
            "amountin": money(amount_in),
            "fees": money(fees),
            "amountout": money(amount_out),
            "rate": rate or desk.rate_of(client),
            "transid": transid,
            "invoiceid": invoice,
        },
    )


def change_transaction(desk: AdminArea, *, transaction: int, **fields: Any) -> int:
    """Change columns of a transaction; any can be changed later (UpdateTransaction)."""
    desk.transaction(transaction)
    update(desk.database, "tblaccounts", transaction, fields)
    return transaction


def delete_transaction(desk: AdminArea, *, transaction: int) -> int:
    """Delete a transaction; its invoice stays as it is."""
    desk.transaction(transaction)
    desk.database.execute("DELETE FROM tblaccounts WHERE id = ?", (transaction,))
    return transaction
