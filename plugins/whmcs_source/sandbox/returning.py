"""Money that goes back: refunds and reversals."""

from decimal import Decimal

from whmcs_source.sandbox.desk import AdminArea, DeskError
from whmcs_source.sandbox.money import Amount, cents, exact, money
from whmcs_source.sandbox.settling import credit_note
from whmcs_source.sandbox.state import Row, insert


def refund(
    desk: AdminArea,
    *,
    transaction: int,
    amount: Amount | None = None,
    to: str = "gateway",
    transid: str = "",
    date: str | None = None,
    row_invoice: int | None = None,
    fees: Amount = "0",
) -> int:
    """Return a payment or part of it, and answer the refund's transaction id.

    `amount` is all that is left when absent; `to` is ``gateway``, ``hand`` (only recorded) or
    ``credit``; `row_invoice` is the invoice that the refund's row names, the payment's when absent.
    """
    paid, when = desk.transaction(transaction), desk.moment(date)
    taken = exact(paid["amountin"]) - _refunded(desk, transaction)
    returned = taken if amount is None else cents(amount)
    if not 0 < returned <= taken:
        raise DeskError(f"{money(taken)} of transaction {transaction} is left to refund")
    row_id = insert(
        desk.database,
        "tblaccounts",
        {
            **_of_same_money(paid, when),
            "description": f"Refund of Transaction ID {paid['transid']}",
            "amountout": money(returned),
            "fees": money(fees),
            "transid": transid or (f"re_{paid['transid']}" if to == "gateway" else ""),
            "invoiceid": paid["invoiceid"] if row_invoice is None else row_invoice,
            "refundid": transaction,
        },
    )
    if to == "credit":
        desk.note_balance(
            paid["userid"],
            returned,
            "Refund {} to Credit",
            when,
            detail=f"of Transaction ID {paid['transid']}",
            invoice=paid["invoiceid"],
        )
    if paid["invoiceid"]:
        _after_refund(desk, int(paid["invoiceid"]), returned, when)
    return row_id


def chargeback(
    desk: AdminArea, *, transaction: int, fees: Amount = "0", date: str | None = None
) -> int:
    """Let the payer's bank take a payment back: the invoice goes to Collections.

    The row names no original (`refundid` 0); only its description tells what it is.
    """
    paid, when = desk.transaction(transaction), desk.moment(date)
    row_id = insert(
        desk.database,
        "tblaccounts",
        {
            **_of_same_money(paid, when),
            "description": f"Payment Reversal: chargeback of {paid['transid']}",
            "amountout": paid["amountin"],
            "fees": money(fees),
            "transid": f"dp_{paid['transid']}",
            "invoiceid": paid["invoiceid"],
        },
    )
    if paid["invoiceid"]:
        desk.change_invoice(int(paid["invoiceid"]), when, status="Collections")
    return row_id


def _of_same_money(paid: Row, when: str) -> dict[str, object]:
    """What a row that returns a payment has in common with it: also the rate of back then."""
    kept = {name: paid[name] for name in ("userid", "gateway", "rate")}
    return {**kept, "date": when}


def _refunded(desk: AdminArea, transaction: int) -> Decimal:
    rows: list[Row] = desk.database.execute(
        "SELECT amountout FROM tblaccounts WHERE refundid = ?", (transaction,)
    ).fetchall()
    return sum((exact(row[0]) for row in rows), Decimal(0))


def _after_refund(desk: AdminArea, invoice_id: int, returned: Decimal, when: str) -> None:
    """Full: Refunded with its date. In part: still Paid, and the row is as it was."""
    row = desk.database.execute("SELECT * FROM tblinvoices WHERE id = ?", (invoice_id,)).fetchone()
    if row is None:
        return
    paid = desk.database.execute(
        "SELECT id, amountin FROM tblaccounts WHERE invoiceid = ? AND amountin != '0.00'"
        " AND billingnoteid = 0",
        (invoice_id,),
    ).fetchall()
    left = sum((exact(one["amountin"]) - _refunded(desk, one["id"]) for one in paid), Decimal(0))
    was_paid = row["status"] == "Paid"
    if left <= 0:
        desk.change_invoice(invoice_id, when, status="Refunded", date_refunded=when)
    elif desk.switches["refund_touches_invoice"] == "on":
        desk.change_invoice(invoice_id, when)
    if desk.modern and was_paid:
        credit_note(desk, invoice=invoice_id, amount=returned, date=when)
