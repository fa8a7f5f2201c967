"""The page of `bridge explain`: one invoice in plain words, 80 columns wide."""

import textwrap
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from bridge.engine.explain.diff import changes
from bridge.engine.explain.history import (
    InvoiceHistory,
    in_words,
    outcome_in_words,
    target_in_words,
)
from bridge.reports.table import WIDTH, wrapped
from bridge.store.tables.values import LinkRow, SnapshotRow

_SUM = 16
_ACCOUNT = WIDTH - 2 * _SUM - 4
_KINDS = {"to_balance": "refund to the balance", "adjustment": "adjustment, no money,"}


def page(history: InvoiceHistory) -> Iterator[str]:
    """Yield the whole page, line by line, without parts of which nothing is known."""
    entry = history.entry
    yield f"Invoice {entry.number} (id {entry.invoice.id}) of client {entry.client.id}"
    for title, part in (
        ("Where it stands", _standing(history)),
        ("What the source says", _source(history)),
        ("What has changed since it was booked", _changes(history)),
        ("What it is in the target", _links(history)),
        ("What was decided, and by which rule or setting", _rules(history)),
        ("The journal that an accountant would write", _journal(history)),
        ("What was sent (times are UTC)", _steps(history)),
        ("What happened, and who did it (times are UTC)", _events(history)),
    ):
        lines = list(part)
        if lines:
            yield ""
            yield title
            yield from lines


def _standing(history: InvoiceHistory) -> Iterator[str]:
    entry = history.entry
    yield wrapped(in_words(entry), 2)
    if entry.reason:
        yield wrapped(f"Reason: {entry.reason.value} (docs/reasons.md)", 2)
    if entry.what:
        yield wrapped(f"Why: {entry.what}", 2)
    if entry.remedy:
        yield wrapped(f"To do: {entry.remedy}", 2)


def _source(history: InvoiceHistory) -> Iterator[str]:
    entry, used = history.entry, history.used
    if used is None:
        yield wrapped(
            f"{entry.status or 'Deleted'}, {entry.gross}, issued {entry.issued or 'never'}, paid"
            f" {entry.paid_on or 'never'}. The list says so; it was not read in full.",
            2,
        )
        return
    yield f"  As it was used by run {used.run} on {used.used:%Y-%m-%d at %H:%M} UTC:"
    invoice = _of(used, "invoice")
    yield wrapped(
        f"{invoice['status']}, issued {invoice['issued'] or 'never'}, due"
        f" {invoice['due'] or 'never'}, paid {invoice['paid_on'] or 'never'}.",
        2,
    )
    yield wrapped(_client(_of(used, "client"), entry.client.id), 2)
    yield from _lines(invoice)
    yield from _figures(invoice)
    yield from _money(invoice, "")
    for container in invoice["containers"]:
        yield wrapped(f"The mass payment {container['number']} names it:", 2)
        yield from _money(container, "  ")


def _of(version: SnapshotRow, name: str) -> Mapping[str, Any]:
    found: Any = version.data[name]
    return found if isinstance(found, Mapping) else {}


def _client(client: Mapping[str, Any], number: str) -> str:
    if "why" in client:
        return f"Client {number} could not be read: {client['why']}."
    person = f"{client['first_name']} {client['last_name']}".strip()
    tax = f"VAT number {client['tax_number']}" if client["tax_number"] else "no VAT number"
    exempt = ", tax exempt" if client["tax_exempt"] else ""
    country = client["country"] or "no country"
    return f"Client {number}: {client['company'] or person}, {country}, {tax}{exempt}."


def _lines(invoice: Mapping[str, Any]) -> Iterator[str]:
    including = " with tax" if invoice["prices"] == "inclusive" else ""
    for number, line in enumerate(invoice["lines"], start=1):
        tax = "taxed" if line["taxed"] else "untaxed"
        words = " ".join(str(line["description"]).split())
        text = f"Line {number}: {words} ({line['type'] or line['kind']}, {tax}{including})"
        yield from _row(text, str(line["amount"]))


def _figures(invoice: Mapping[str, Any]) -> Iterator[str]:
    yield from _row("Net", str(invoice["net"]))
    for tax, rate in (("tax", "tax_rate"), ("tax2", "tax_rate2")):
        if not _is_zero(invoice[tax]):
            yield from _row(f"Tax at {invoice[rate]} %", str(invoice[tax]))
    yield from _row("Gross", _gross(invoice))
    if not _is_zero(invoice["credit"]):
        yield from _row("Paid from the client's credit or by a mass payment", invoice["credit"])


def _gross(invoice: Mapping[str, Any]) -> str:
    sums = [str(invoice[name]).split(" ") for name in ("net", "tax", "tax2")]
    return f"{sum(Decimal(amount) for amount, _ in sums)} {sums[0][1]}"


def _money(invoice: Mapping[str, Any], indent: str) -> Iterator[str]:
    for row in invoice["transactions"]:
        is_out = not _is_zero(row["money_out"])
        amount = f"-{row['money_out']}" if is_out else str(row["money_in"])
        more = [f"{_KINDS.get(row['kind'], row['kind'])} by {row['gateway'] or 'no gateway'}"]
        if not _is_zero(row["fee"]):
            more.append(f"fee {row['fee']}")
        if row["reference"]:
            more.append(str(row["reference"]))
        text = f"{indent}Transaction {row['id']} of {row['date']}: {', '.join(more)}"
        yield from _row(text, amount)


def _row(text: str, amount: str) -> Iterator[str]:
    """Yield a text with an amount at the right edge of its last line."""
    room = WIDTH - _SUM - 4
    lines = textwrap.wrap(text, room, subsequent_indent="  ") or [""]
    yield from (f"  {line}" for line in lines[:-1])
    yield f"  {lines[-1]:<{room}}  {amount:>{_SUM}}"


def _is_zero(amount: Any) -> bool:
    return not any(digit in "123456789" for digit in str(amount).partition(" ")[0])


def _changes(history: InvoiceHistory) -> Iterator[str]:
    if history.booked and history.used:
        yield f"  Booked as run {history.booked.run} read it; read again by run {history.used.run}:"
        for change in changes(_of(history.booked, "invoice"), _of(history.used, "invoice")):
            yield wrapped(change, 2)


def _links(history: InvoiceHistory) -> Iterator[str]:
    for link in ([history.client] if history.client else []) + list(history.links):
        how = "found there" if link.adopted else f"written by run {link.run}"
        day = f" of {link.day}" if link.day else ""
        yield wrapped(f"{_named(link)} is {target_in_words(link.target)}{day}, {how}.", 2)


def _named(link: LinkRow) -> str:
    words = str(link.ref).replace("_", " ")
    return words[0].upper() + words[1:]


def _rules(history: InvoiceHistory) -> Iterator[str]:
    last = ""
    for link, rule in history.rules:
        if _named(link) != last:
            last = _named(link)
            yield f"  {last}"
        about = "" if rule.about.casefold() == last.casefold() else f"{rule.about}: "
        yield wrapped(f"{about}{rule.rule} -> {rule.value}", 4)


def _journal(history: InvoiceHistory) -> Iterator[str]:
    for link in history.links:
        if link.payload and link.payload.journal:
            day = link.payload.date or link.day or ""
            yield wrapped(f"{day} {_named(link)}, in the target {link.target.id}", 2)
            for posting in link.payload.journal:
                is_debit = posting.amount.amount >= 0
                amount = str(posting.amount if is_debit else -posting.amount)
                yield from _posting(posting.account, amount, is_debit=is_debit)


def _posting(account: str, amount: str, *, is_debit: bool) -> Iterator[str]:
    text = f"Dr {account}" if is_debit else f"   Cr {account}"
    *first, last = textwrap.wrap(text, _ACCOUNT, subsequent_indent="      ")
    yield from (f"    {line}" for line in first)
    columns = f"{amount:>{_SUM}}" if is_debit else f"{'':>{_SUM}}{amount:>{_SUM}}"
    yield f"    {last:<{_ACCOUNT}}{columns}"


def _steps(history: InvoiceHistory) -> Iterator[str]:
    for step in history.steps:
        yield wrapped(
            f"{step.intended:%Y-%m-%d %H:%M:%S} run {step.run}: {step.action.value}"
            f" {str(step.ref).replace('_', ' ')}: {outcome_in_words(step)}",
            2,
        )


def _events(history: InvoiceHistory) -> Iterator[str]:
    for event in history.events:
        yield wrapped(f"{event.at:%Y-%m-%d %H:%M:%S} run {event.run}: {event.message}", 2)
