"""Client balances, read: GetCredits, and what it takes to tell what each movement is."""

import datetime as dt
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from bridge.api import BalanceEntry, BalanceOrigin, client_ref, invoice_ref
from whmcs_source.api.calls import Calls
from whmcs_source.api.lru import LruCache
from whmcs_source.api.wire_models import WireCredit, WireTransaction
from whmcs_source.balances.explanation import ClientMoney, Explained, day_of, explained
from whmcs_source.balances.mass_payments import Containers
from whmcs_source.balances.matching import BalanceRow
from whmcs_source.translate.credit import credit_shown, unsaid_credit
from whmcs_source.translate.invoice_list import PAID_WORDS, ListedInvoice
from whmcs_source.translate.transactions import Installation, money

_SOON = dt.timedelta(days=1)
_NOTHING = Explained((), frozenset(), frozenset(), {}, {})


@dataclass(frozen=True, slots=True)
class _Movements:
    """As read; `at` by the monotonic clock."""

    at: float
    rows: tuple[WireCredit, ...]


class BalanceReader:
    """Movements of balances, explained; each client's are read once a run.

    For a client without any movement that is one call; else also GetTransactions, the client's
    invoice list, and GetInvoice for each untaxed invoice that may have to do with it.

    Args:
        rows: All transactions of a client.
    """

    def __init__(
        self,
        calls: Calls,
        containers: Containers,
        rows: Callable[[int], Sequence[WireTransaction]],
    ) -> None:
        self._calls = calls
        self._containers = containers
        self._rows = rows
        self._credits: LruCache[int, _Movements] = LruCache(200)
        self._by_client: LruCache[int, Explained] = LruCache(200)

    def credits(self, client_id: int) -> tuple[WireCredit, ...]:
        """The movements as WHMCS has them, oldest first.

        Raises:
            ActionNotAllowedError: the role lacks GetCredits.
        """
        return self._credits.get_or(client_id, lambda: self._read(client_id)).rows

    def _read(self, client_id: int) -> _Movements:
        at = time.monotonic()
        return _Movements(at, self._calls.credits(client_id))

    def forget_older(self, client_id: int, since: float) -> bool:
        """Forget what was read of a client before a moment; answers whether there was any."""
        known = self._credits.get(client_id)
        if known is None or known.at >= since:
            return False
        self._credits.take(client_id)
        self._by_client.take(client_id)
        return True

    def of(self, client_id: int, books: Installation) -> Explained:
        """The movements, explained. Raises as `credits`."""
        return self._by_client.get_or(client_id, lambda: self._explain(client_id, books))

    def _explain(self, client_id: int, books: Installation) -> Explained:
        found = self.credits(client_id)
        if not found:
            return _NOTHING
        clientele, rows = self._containers.of(client_id), self._rows(client_id)
        account = ClientMoney(found, clientele.bills, rows, (), books)
        self._containers.look_into(clientele, _worth_reading(account))
        return explained(replace(account, special=clientele.special()))

    def entries(self, client_id: int, currency: str, books: Installation) -> Iterator[BalanceEntry]:
        """The movements for the core, oldest first. Raises as `credits`."""
        for row in self.of(client_id, books).rows:
            yield _entry(row, client_id, currency)


def _worth_reading(account: ClientMoney) -> Iterator[int]:
    """Untaxed invoices that may have put money on the balance, or paid one that shows credit.

    A mass payment is younger than what it pays.
    """
    own: dict[int, list[WireTransaction]] = defaultdict(list)
    for row in account.rows:
        own[row.invoiceid].append(row)
    credited = [
        bill.id
        for bill in account.bills.values()
        if bill.status in PAID_WORDS
        and (
            credit_shown(bill, own[bill.id], account.books)
            or unsaid_credit(bill, own[bill.id], account.books)
        )
    ]
    first = min(credited, default=None)
    onto = [(day_of(row), row.amount) for row in account.credits if row.amount > 0]
    for bill in account.bills.values():
        younger = first is not None and bill.id > first
        if bill.may_be_container and (younger or any(_is_near(bill, *one) for one in onto)):
            yield bill.id


def _is_near(bill: ListedInvoice, day: dt.date, amount: Decimal) -> bool:
    if not bill.readable or bill.paid_on is None:
        return False
    return bill.gross >= amount and abs(bill.paid_on - day) <= _SOON


def _entry(row: BalanceRow, client_id: int, currency: str) -> BalanceEntry:
    record = f"balance movement {row.row.id} of client {client_id}"
    return BalanceEntry(
        id=str(row.row.id),
        client=client_ref(client_id),
        date=row.day,
        amount=money(row.row.amount, currency, record),
        origin=row.origin if row.explained else BalanceOrigin.UNKNOWN,
        description=row.row.description,
        invoice=invoice_ref(row.invoice) if row.invoice else None,
    )
