"""WHMCS as a source: the contract's face, over the database."""

from collections.abc import Iterator, Sequence

from bridge.api import (
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
    ScanPolicy,
    SourceRef,
    Survey,
    Transaction,
)
from whmcs_source.database import people
from whmcs_source.database.check import DatabaseCheck
from whmcs_source.database.connection import DatabaseConnection
from whmcs_source.database.cursor import TablesCursor
from whmcs_source.database.queries import Tables
from whmcs_source.database.reading import DatabaseReader
from whmcs_source.database.records import DatabaseRecords
from whmcs_source.database.scan import TablesScan
from whmcs_source.settings import Products, WhmcsSettings
from whmcs_source.source.prepaid import Prepaid
from whmcs_source.source.source import WhmcsSource, unclear_is_transient


class WhmcsDatabase(WhmcsSource):
    """Reads the tables of WHMCS 8 and 9. Safe for several threads, but for `scan`: one at a time.

    Attributes:
        tables: The tables themselves.

    Raises:
        ConfigError: the driver is not installed.
    """

    def __init__(self, settings: WhmcsSettings) -> None:
        address = settings.database.get_secret_value() if settings.database else ""
        self.label = settings.label
        self.base_currency = ""
        self._wants_products = settings.products is Products.READ
        self._settings = settings
        self.tables = Tables(
            DatabaseConnection(address, timeout_s=settings.timeout_s), page_size=settings.page_size
        )
        self._calls = self.tables
        self._begin()

    def _begin(self) -> None:
        """Know nothing: what was learnt is of one run."""
        self.tables.asked.forget()
        self._own = DatabaseReader(self.tables, products=self._settings.products)
        self._reading = self._own

    def check(self) -> Health:
        """Sign in and look at tables, columns, grants and indexes: about 10 statements."""
        health = self._checked().health()
        self.base_currency = self._own.books().base_currency
        return health

    def survey(self) -> Survey:
        """Currencies, gateways, tax rates and settings: about 10 statements."""
        return self._checked().survey()

    def _checked(self) -> DatabaseCheck:
        return DatabaseCheck(self.tables, self._own, products=self._wants_products)

    def scan(
        self, cursor: str | None, known: Known, policy: ScanPolicy
    ) -> Iterator[Header | Gone | Checkpoint]:
        """What changed in all history; see `whmcs_source.database.scan`."""
        self._begin()
        where = TablesCursor.read(cursor)
        how = self._settings.database_digest
        scan = TablesScan(self.tables, self._own, known, policy, where, digest=how)
        yield from scan.run()

    def invoices(self, refs: Sequence[SourceRef]) -> Iterator[Invoice | Missing]:
        """Five statements for some hundred invoices, and a few for each client with credit."""
        yield from self._own.invoices(refs)

    def clients(self, refs: Sequence[SourceRef]) -> Iterator[Client | Missing]:
        """One statement for some hundred clients."""
        yield from self._own.clients(refs)

    def transactions(self, clients: Sequence[SourceRef]) -> Iterator[Transaction]:
        """One statement for some hundred clients, and some for each with refunds by hand."""
        with unclear_is_transient():
            yield from self._own.money(clients)

    def client_balances(self) -> Iterator[ClientBalance]:
        """A few statements for each client who has a balance or ever had one."""
        with unclear_is_transient():
            yield from Prepaid(self.tables, self._own).read(people.prepaid(self.tables.asked))

    def client_balances_cost(self) -> int:
        """About how many statements `client_balances` would take; 1 to find out."""
        return 1 + 3 * len(people.prepaid(self.tables.asked))

    def records(self, days: Days) -> Iterator[Record]:
        """Invoices issued or paid in the period and money that moved in it."""
        with unclear_is_transient():
            yield from DatabaseRecords(self.tables, self.label).read(days)

    def records_cost(self, days: Days) -> int:
        """About how many statements `records` would take; 3 to find out."""
        return DatabaseRecords(self.tables, self.label).cost(days)
