"""WHMCS as a source: the contract's face, over the HTTP API."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bridge.api import (
    BalanceEntry,
    Checkpoint,
    Client,
    ClientBalance,
    Days,
    Gone,
    Header,
    Health,
    Invoice,
    Known,
    Missing,
    Record,
    RecordRejectedError,
    ScanPolicy,
    Source,
    SourceRef,
    Survey,
    Transaction,
    TransientError,
)
from whmcs_source.api.calls import Calls
from whmcs_source.read import RecordReader
from whmcs_source.scan.api_scan import Scan
from whmcs_source.scan.cursor import Cursor
from whmcs_source.scan.deep_scan import DeepScan
from whmcs_source.settings import Products, WhmcsSettings
from whmcs_source.source.check import Check
from whmcs_source.source.prepaid import Prepaid
from whmcs_source.source.records import Records


@contextmanager
def unclear_is_transient() -> Iterator[None]:
    """WHMCS refused a list, in words that bridge does not know: reading again is safe."""
    try:
        yield
    except RecordRejectedError as error:
        raise TransientError(
            error.what,
            remedy="run bridge again; if it stays, look into WHMCS's activity log",
        ) from error


class WhmcsSource(Source):
    """Reads WHMCS 8 and 9. Safe for several threads, but for `scan`: one at a time."""

    def __init__(self, settings: WhmcsSettings) -> None:
        self.label = settings.label
        self.base_currency = ""
        self._wants_products = settings.products is Products.READ
        self._calls = Calls(settings)
        self._reading = RecordReader(self._calls, products=settings.products)

    def close(self) -> None:
        """Let go of connections."""
        self._calls.close()

    def check(self) -> Health:
        """Sign in, read version and currencies, and probe each action: about 10 calls."""
        with unclear_is_transient():
            health = Check(self._calls, self._reading, products=self._wants_products).health()
            self.base_currency = self._reading.books().base_currency
            return health

    def survey(self) -> Survey:
        """Currencies, gateways, tax rates and settings: about 5 calls."""
        with unclear_is_transient():
            return Check(self._calls, self._reading, products=self._wants_products).survey()

    def scan(
        self, cursor: str | None, known: Known, policy: ScanPolicy
    ) -> Iterator[Header | Gone | Checkpoint]:
        """What is new, what left the open set, what counts disagree on; every so often, all.

        Source: WHMCS API reference, GetInvoices: no filter or order by change.
        """
        with unclear_is_transient():
            scan = Scan(self._calls, self._reading, known, policy, Cursor.read(cursor))
            self._reading.stray_clients = scan.cursor.strays
            self._reading.today = policy.today
            yield from scan.run()
            yield from DeepScan(scan, self._calls, self._reading, known, policy).run()

    def invoices(self, refs: Sequence[SourceRef]) -> Iterator[Invoice | Missing]:
        """GetInvoice for each; see `whmcs_source.read` for what else is read, and when."""
        for ref in refs:
            yield self._reading.invoice(ref)

    def clients(self, refs: Sequence[SourceRef]) -> Iterator[Client | Missing]:
        """GetClientsDetails for each, unless it was read for an invoice just before."""
        for ref in refs:
            yield self._reading.client(ref)

    def transactions(self, clients: Sequence[SourceRef]) -> Iterator[Transaction]:
        """GetTransactions for each client; WHMCS gives all of a client's money at once."""
        with unclear_is_transient():
            for client in clients:
                yield from self._reading.transactions(int(client.id))

    def balances(self, clients: Sequence[SourceRef]) -> Iterator[BalanceEntry]:
        """GetCredits for each client, by the rules of `whmcs_source.balances.explanation`.

        Raises:
            AccessError: the API role lacks GetCredits.
        """
        with unclear_is_transient():
            for client in clients:
                yield from self._reading.balance(int(client.id))

    def client_balances(self) -> Iterator[ClientBalance]:
        """GetClientsDetails and GetCredits for every client.

        Raises:
            AccessError: the API role lacks one of them.
        """
        with unclear_is_transient():
            prepaid = Prepaid(self._calls, self._reading)
            yield from prepaid.read(prepaid.clients())

    def client_balances_cost(self) -> int:
        """About how many calls `client_balances` would take; 1 call to find out."""
        with unclear_is_transient():
            return Prepaid(self._calls, self._reading).cost()

    def records(self, days: Days) -> Iterator[Record]:
        """Invoices issued in the period and money that moved in it. See `records_cost`."""
        with unclear_is_transient():
            yield from Records(self._calls, self._reading, self.label).read(days)

    def records_cost(self, days: Days) -> int:
        """About how many calls `records` would take; 3 calls to find out."""
        with unclear_is_transient():
            return Records(self._calls, self._reading, self.label).cost(days)
