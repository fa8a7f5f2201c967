"""The journal that an accountant would write for what KashFlow is sent. Pure."""

from collections.abc import Mapping
from decimal import Decimal

from bridge.api import Json, Kind, Money, Payload, Posting, total
from kashflow_target.account.resolved import ResolvedAccount
from kashflow_target.settings.names import AccountItem

_DEBTORS = "Debtors Control"
_VAT = "VAT on sales"


def journal(payload: Payload, books: ResolvedAccount) -> tuple[Posting, ...]:
    """Debits and credits, in the names that the account gives its own.

    KashFlow posts them itself: sales to the nominal of each line, VAT and debtors to its control
    accounts, whose names are the same in every account.
    """
    banks = books.accounts + books.chart  # a movement may name either
    match payload.kind:
        case Kind.INVOICE | Kind.CREDIT_NOTE:
            return _document(payload, books)
        case Kind.PAYMENT if payload.net is not None:
            return _pair(_name(payload.body["PayAccount"], banks), _DEBTORS, payload.net)
        case Kind.MOVEMENT if payload.net is not None:
            body = payload.body
            against = _name(body["TransactionType"], books.chart)
            return _pair(_name(body["accid"], banks), against, payload.net)
    return ()


def _pair(debit: str, credit: str, amount: Money) -> tuple[Posting, ...]:
    """The debit first, as an accountant writes it, also for money that goes out."""
    if amount.amount < 0:
        return _pair(credit, debit, -amount)
    return (Posting(debit, amount), Posting(credit, -amount))


def _document(payload: Payload, books: ResolvedAccount) -> tuple[Posting, ...]:
    """One posting for each nominal, in the order of the lines, and one for all of the VAT.

    Debits first: of a credit note that is what it takes back.
    """
    currency = str(payload.body["CurrencyCode"])
    sales: dict[str, Decimal] = {}
    vat = Decimal(0)
    for line in _lines(payload.body["Lines"]):
        name = _name(line["ChargeType"], books.chart)
        sales[name] = sales.get(name, Decimal(0)) + Decimal(str(line["Rate"]))
        vat += Decimal(str(line["VatAmount"]))
    parts = [Posting(name, Money(-net, currency)) for name, net in sales.items()]
    if vat:
        parts.append(Posting(_VAT, Money(-vat, currency)))
    debtors = Posting(_DEBTORS, -total((part.amount for part in parts), currency))
    return tuple(sorted((debtors, *parts), key=lambda each: each.amount.amount < 0))


def _lines(lines: Json) -> list[Mapping[str, Json]]:
    if not isinstance(lines, list | tuple):
        return []
    return [line for line in lines if isinstance(line, Mapping)]


def _name(number: Json, register: tuple[AccountItem, ...]) -> str:
    by_id = [each for each in register if each.id == number]
    by_code = [each for each in register if each.code == number]
    known = next(iter(by_id + by_code), None)
    return f"account {number}" if known is None else str(known)
