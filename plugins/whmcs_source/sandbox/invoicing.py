"""What an admin does to invoices: make, edit, publish, cancel, merge, split, delete."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from whmcs_source.sandbox.desk import AdminArea, DeskError
from whmcs_source.sandbox.money import Amount, Taxes, exact, money, sums
from whmcs_source.sandbox.settling import credit_note, settle
from whmcs_source.sandbox.state import insert, update

_EU = frozenset(
    {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE",
     "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"}
)  # fmt: skip
_DUE_DAYS = 14
_MOVES_SUMS = ("taxrate", "taxrate2", "credit")
_PROMOTIONS = {"Hosting": "PromoHosting", "Setup": "PromoHosting", "Domain": "PromoDomain"}

Line = Mapping[str, Any]
"""`amount`, and maybe `type`, `relid`, `description`, `taxed`."""


def create_invoice(
    desk: AdminArea,
    *,
    client: int,
    lines: Sequence[Line],
    date: str | None = None,
    due: str | None = None,
    status: str = "Unpaid",
    gateway: str | None = None,
    taxrate: Amount | None = None,
    taxrate2: Amount = "0",
    compound: bool | None = None,
    prices: str | None = None,
    promo: Amount | None = None,
    notes: str = "",
    invoice: int | None = None,
) -> int:
    """Make an invoice in the client's currency; one that comes to nothing is Paid at once.

    Absent gateway and taxrate follow the client, prices and compound the settings.
    """
    when = desk.moment(date)
    values = {
        "userid": client,
        "date": when[:10],
        "duedate": due or _due(when),
        "taxrate": _percent(tax_rate_of(desk, client) if taxrate is None else taxrate),
        "taxrate2": _percent(taxrate2),
        "status": status,
        "paymentmethod": desk.client(client)["defaultgateway"] if gateway is None else gateway,
        "notes": notes,
        "created_at": when,
        **({} if invoice is None else {"id": invoice}),
    }
    invoice_id = insert(desk.database, "tblinvoices", values)
    _add_lines(desk, invoice_id, _with_promotion(lines, promo))
    recalculate(desk, invoice_id, when, prices=prices, compound=compound)
    if status == "Unpaid" and desk.balance(invoice_id) == 0:
        settle(desk, invoice_id, when)
    return invoice_id


def tax_rate_of(desk: AdminArea, client_id: int) -> Decimal:
    """Level 1 for a client: none if exempt, or in the EU with a tax id (VAT mode, UK company)."""
    client = desk.client(client_id)
    if client["taxexempt"] or (client["country"] in _EU and client["tax_id"]):
        return Decimal(0)
    row = desk.database.execute(
        "SELECT taxrate FROM tbltax WHERE level = 1 AND country = ? ORDER BY id",
        (client["country"],),
    ).fetchone()
    return exact(row[0]) if row else Decimal(0)


def recalculate(
    desk: AdminArea,
    invoice_id: int,
    when: str,
    *,
    prices: str | None = None,
    compound: bool | None = None,
) -> None:
    """Work out an invoice's sums from its lines and rates.

    8.x: `total` is what is left after credit. 9.x: it is the whole document.
    """
    row = desk.invoice(invoice_id)
    inclusive = (prices or desk.setting("TaxType")).lower() == "inclusive"
    compounds = desk.setting("TaxL2Compound") == "on" if compound is None else compound
    each_line = desk.switches["tax_rounding"] == "line"
    taxes = Taxes(exact(row["taxrate"]), exact(row["taxrate2"]), inclusive, compounds, each_line)
    found = sums(
        [(exact(line["amount"]), bool(line["taxed"])) for line in desk.lines(invoice_id)], taxes
    )
    left = found.gross if desk.modern else found.gross - exact(row["credit"])
    desk.change_invoice(
        invoice_id,
        when,
        subtotal=money(found.subtotal),
        tax=money(found.tax),
        tax2=money(found.tax2),
        total=money(left),
    )


def edit_invoice(
    desk: AdminArea,
    *,
    invoice: int,
    add: Sequence[Line] = (),
    change: Mapping[str, Line] | None = None,
    remove: Sequence[int] = (),
    fields: Mapping[str, Any] | None = None,
    date: str | None = None,
    prices: str | None = None,
) -> int:
    """Change lines and fields of an invoice, paid ones too; 9.x lets only drafts be edited.

    Args:
        desk: Where.
        invoice: Which.
        add: Lines as for `create_invoice`.
        change: By line id, the columns to change.
        remove: Line ids.
        fields: Columns of the invoice: ``date``, ``invoicenum``, ``taxrate``, ``notes``, ...
        date: When it is done.
        prices: As for `create_invoice`.
    """
    row, when = desk.invoice(invoice), desk.moment(date)
    if desk.modern and row["status"] != "Draft":
        raise DeskError(f"invoice {invoice} was issued; 9.x does not let it be edited")
    for key, values in (change or {}).items():
        update(desk.database, "tblinvoiceitems", int(key), values)
    for line_id in remove:
        desk.database.execute("DELETE FROM tblinvoiceitems WHERE id = ?", (line_id,))
    _add_lines(desk, invoice, add)
    if fields:
        desk.change_invoice(invoice, when, **fields)
    if add or change or remove or any(name in _MOVES_SUMS for name in fields or {}):
        recalculate(desk, invoice, when, prices=prices)
    return invoice


def add_late_fee(
    desk: AdminArea, *, invoice: int, amount: Amount, taxed: bool = False, date: str | None = None
) -> int:
    """Put a late fee on an unpaid invoice, as the daily cron does."""
    if desk.invoice(invoice)["status"] != "Unpaid":
        raise DeskError(f"invoice {invoice} was not Unpaid; only those get late fees")
    when = desk.moment(date)
    text = f"Late Fee (Added {when[8:10]}/{when[5:7]}/{when[:4]})"
    line = {"type": "LateFee", "description": text, "amount": amount, "taxed": taxed}
    _add_lines(desk, invoice, [line])
    recalculate(desk, invoice, when)
    return invoice


def publish(desk: AdminArea, *, invoice: int, date: str | None = None) -> int:
    """Publish a draft: its date becomes this day (WHMCS documentation, Invoicing)."""
    if desk.invoice(invoice)["status"] != "Draft":
        raise DeskError(f"invoice {invoice} was not a draft")
    when = desk.moment(date)
    desk.change_invoice(invoice, when, status="Unpaid", date=when[:10])
    if desk.balance(invoice) <= 0:
        settle(desk, invoice, when)
    return invoice


def cancel(desk: AdminArea, *, invoice: int, date: str | None = None) -> int:
    """Cancel an invoice; 9.x writes a credit note for what it was."""
    when = desk.moment(date)
    desk.change_invoice(invoice, when, status="Cancelled", date_cancelled=when)
    if desk.modern:
        credit_note(desk, invoice=invoice, amount=desk.balance(invoice), date=when)
    return invoice


def set_status(desk: AdminArea, *, invoice: int, status: str, date: str | None = None) -> int:
    """Set a status by hand and nothing else, so that ``Unpaid`` re-opens a paid invoice."""
    when = desk.moment(date)
    desk.change_invoice(invoice, when, status=status)
    return invoice


def merge(desk: AdminArea, *, invoices: Sequence[int], date: str | None = None) -> int:
    """Merge unpaid invoices of one client into the newest; the others are deleted."""
    rows = [desk.invoice(invoice_id) for invoice_id in invoices]
    if len(rows) < 2 or len({row["userid"] for row in rows}) > 1:
        raise DeskError("a merge takes two or more invoices of one client")
    if any(row["status"] != "Unpaid" for row in rows):
        raise DeskError("a merge takes unpaid invoices")
    kept = max(invoices)
    for invoice_id in invoices:
        desk.database.execute(
            "UPDATE tblinvoiceitems SET invoiceid = ? WHERE invoiceid = ?", (kept, invoice_id)
        )
        desk.database.execute(
            "UPDATE tblaccounts SET invoiceid = ? WHERE invoiceid = ?", (kept, invoice_id)
        )
        if invoice_id != kept:
            desk.database.execute("DELETE FROM tblinvoices WHERE id = ?", (invoice_id,))
    recalculate(desk, kept, desk.moment(date))
    return kept


def split(
    desk: AdminArea,
    *,
    invoice: int,
    lines: Sequence[int],
    date: str | None = None,
    new: int | None = None,
) -> int:
    """Move lines of an unpaid invoice to a new one, and answer the new id."""
    row, when = desk.invoice(invoice), desk.moment(date)
    if row["status"] != "Unpaid":
        raise DeskError(f"invoice {invoice} was not Unpaid; only those can be split")
    kept = ("userid", "date", "duedate", "taxrate", "taxrate2", "status", "paymentmethod")
    values = {name: row[name] for name in kept} | {"created_at": when, "updated_at": when}
    if new is not None:
        values["id"] = new
    created = insert(desk.database, "tblinvoices", values)
    for line_id in lines:
        update(desk.database, "tblinvoiceitems", line_id, {"invoiceid": created})
    recalculate(desk, invoice, when)
    recalculate(desk, created, when)
    return created


def delete_invoice(desk: AdminArea, *, invoice: int) -> int:
    """Delete an invoice with its lines; its transactions stay, naming an invoice that is gone."""
    desk.invoice(invoice)
    desk.database.execute("DELETE FROM tblinvoices WHERE id = ?", (invoice,))
    desk.database.execute("DELETE FROM tblinvoiceitems WHERE invoiceid = ?", (invoice,))
    return invoice


def _percent(rate: Amount) -> str:
    return f"{exact(rate):.3f}"


def _due(when: str) -> str:
    return str(dt.date.fromisoformat(when[:10]) + dt.timedelta(days=_DUE_DAYS))


def _with_promotion(lines: Sequence[Line], percent: Amount | None) -> list[Line]:
    if percent is None:
        return list(lines)
    every: list[Line] = []
    for line in lines:
        every.append(line)
        kind = _PROMOTIONS.get(str(line.get("type", "")))
        if kind:
            off = -exact(line["amount"]) * exact(percent) / 100
            text = f"Promotional Code: SAVE{percent} - {percent}% Recurring Discount"
            every.append({**line, "type": kind, "description": text, "amount": money(off)})
    return every


def _add_lines(desk: AdminArea, invoice_id: int, lines: Sequence[Line]) -> None:
    row = desk.invoice(invoice_id)
    kept = {name: row[name] for name in ("userid", "duedate", "paymentmethod")}
    for line in lines:
        values = {
            "invoiceid": invoice_id,
            "type": line.get("type", ""),
            "relid": line.get("relid", 0),
            "description": line.get("description", ""),
            "amount": money(line["amount"]),
            "taxed": int(line.get("taxed", True)),
        }
        insert(desk.database, "tblinvoiceitems", {**kept, **values})
