"""What follows when an invoice is paid, and the billing notes of 9.x."""

from decimal import Decimal

from whmcs_source.sandbox.desk import AdminArea, DeskError
from whmcs_source.sandbox.money import Amount, cents, exact, money
from whmcs_source.sandbox.state import insert

ADJUSTMENT = "invoice_billing_adjustment_credit"


def settle(desk: AdminArea, invoice_id: int, when: str) -> None:
    """Turn an invoice Paid: date, number, and what its lines bring about.

    Containers and add-funds invoices take numbers too.
    """
    row = desk.invoice(invoice_id)
    if row["status"] == "Paid":
        return
    values: dict[str, object] = {"status": "Paid", "datepaid": when}
    if not row["invoicenum"] and desk.setting("SequentialInvoiceNumbering") == "on":
        values["invoicenum"] = desk.next_number(when)
    if desk.setting("TaxPaidInvoiceDate") == "on":
        values["date"] = when[:10]
    desk.change_invoice(invoice_id, when, **values)
    for line in desk.lines(invoice_id):
        if line["type"] == "AddFunds":
            desk.note_balance(
                row["userid"],
                exact(line["amount"]),
                "Add Funds Invoice {}",
                when,
                detail=f"#{invoice_id}",
                invoice=invoice_id,
            )
        elif line["type"] == "Invoice":
            _pay_target(desk, invoice_id, int(line["relid"]), exact(line["amount"]), when)


def _pay_target(
    desk: AdminArea, container: int, invoice_id: int, amount: Decimal, when: str
) -> None:
    """Let a mass payment's share settle its target, which gets no transaction of its own.

    How 9.x keeps it has not been verified; as applied credit is the guess here. So is it that a
    share of a target that was paid meanwhile becomes the client's credit.
    """
    client = desk.invoice(invoice_id)["userid"]
    used = min(amount, max(desk.balance(invoice_id), Decimal(0)))
    passes = desk.switches["mass_pay_credit_rows"] == "on"
    if onto := amount if passes else amount - used:
        words, detail = "Mass Invoice Payment Credit for Invoice {}", f"#{container}"
        desk.note_balance(client, onto, words, when, detail=detail, invoice=container)
    if not used:
        return
    if passes:
        use_balance(desk, invoice_id, used, when)
    take_credit(desk, invoice_id, used, when)
    if desk.balance(invoice_id) <= 0:
        settle(desk, invoice_id, when)


def use_balance(desk: AdminArea, invoice_id: int, amount: Decimal, when: str) -> None:
    """Take what pays an invoice off the client's balance."""
    client = desk.invoice(invoice_id)["userid"]
    words, detail = "Credit Applied to Invoice {}", f"#{invoice_id}"
    desk.note_balance(client, -amount, words, when, detail=detail, invoice=invoice_id)


def take_credit(desk: AdminArea, invoice_id: int, amount: Decimal, when: str) -> None:
    """Set credit against an invoice: in 8.x its total falls, in 9.x a note is applied."""
    row = desk.invoice(invoice_id)
    if not desk.modern:
        desk.change_invoice(
            invoice_id,
            when,
            credit=money(exact(row["credit"]) + amount),
            total=money(exact(row["total"]) - amount),
        )
        return
    if desk.switches["credit_field_9x"] == "amount":
        desk.change_invoice(invoice_id, when, credit=money(exact(row["credit"]) + amount))
    note = credit_note(desk, invoice=invoice_id, amount=amount, date=when)
    apply_note(desk, invoice_id, note, when)


def apply_note(desk: AdminArea, invoice_id: int, note: int, when: str) -> int:
    """Write the row that a credit note leaves among the transactions. It is not money."""
    row = desk.invoice(invoice_id)
    total = desk.one("tblbillingnotes", note, "credit note")["total"]
    return insert(
        desk.database,
        "tblaccounts",
        {
            "userid": row["userid"],
            "date": when,
            "description": "Applied Credit Note",
            "amountin": total,
            "rate": desk.rate_of(row["userid"]),
            "invoiceid": invoice_id,
            "billingnoteid": note,
            "type": ADJUSTMENT,
        },
    )


def credit_note(desk: AdminArea, *, invoice: int, amount: Amount, date: str | None = None) -> int:
    """Issue a credit note for part of an invoice; its tax is the invoice's share. 9.x only."""
    if not desk.modern:
        raise DeskError("credit notes exist from 9.0 on")
    row, when, total = desk.invoice(invoice), desk.moment(date), cents(amount)
    gross = exact(row["subtotal"]) + exact(row["tax"]) + exact(row["tax2"])
    share = total / gross if gross else Decimal(0)
    tax, tax2 = cents(exact(row["tax"]) * share), cents(exact(row["tax2"]) * share)
    note = insert(
        desk.database,
        "tblbillingnotes",
        {
            "note_type": "credit",
            "client_id": row["userid"],
            "date_issued": when[:10],
            "subtotal": money(total - tax - tax2),
            "tax": money(tax),
            "tax2": money(tax2),
            "total": money(total),
            "taxrate": row["taxrate"],
            "taxrate2": row["taxrate2"],
            "status": "issued",
            "notes": f"Invoice #{invoice}",
            "created_at": when,
            "updated_at": when,
        },
    )
    item = {"billingnote_id": note, "amount": money(total - tax - tax2), "taxed": int(tax > 0)}
    insert(
        desk.database,
        "tblbillingnoteitems",
        {**item, "description": f"Credit for Invoice #{invoice}"},
    )
    return note
