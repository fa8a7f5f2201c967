"""Whether WHMCS lets bridge in, and what it uses: the first calls of a run."""

from collections.abc import Callable, Iterator
from functools import partial

from bridge.api import (
    AccessError,
    Finding,
    Health,
    Level,
    RecordRejectedError,
    Survey,
    UnreachableError,
)
from whmcs_source.api.calls import Calls, OddRow, Page, Row
from whmcs_source.api.reply_errors import ActionNotAllowedError
from whmcs_source.api.wire_models import WireGateway, WireRow
from whmcs_source.read import RecordReader
from whmcs_source.translate.transactions import Installation

_OLDEST = 8
_NEWEST = 9
_ROLE = "in WHMCS under Configuration > System Settings > API Credentials > API Roles"


class Check:
    """Probes each action with a call that costs next to nothing.

    Args:
        products: Whether GetClientsProducts is wanted.
    """

    def __init__(self, calls: Calls, reading: RecordReader, *, products: bool) -> None:
        self._calls = calls
        self._reading = reading
        self._products = products

    def health(self) -> Health:
        """Sign in, read the version, and try each action that bridge needs.

        Raises:
            AccessError: sign-in, address, or a role that lacks actions, all of them named.
            UnreachableError: no WHMCS there, or one that is too old.
        """
        books = self._reading.books()
        refuse_old(books)
        newest = self._calls.page(offset=0, limit=1, order="desc")
        missing = [action for action, probe in self._needed(newest) if not _allowed(probe)]
        if missing:
            raise AccessError(
                "the API role of bridge's WHMCS credential does not allow " + ", ".join(missing),
                remedy=f"tick {', '.join(missing)} in that role, {_ROLE}",
            )
        return Health(f"WHMCS {books.version}", tuple(self._findings(books, newest)))

    def _needed(self, newest: Page[Row]) -> Iterator[tuple[str, Callable[[], object]]]:
        """GetInvoices, GetCurrencies and WhmcsDetails have answered already."""
        invoice, client = _ids(newest)
        yield "GetInvoice", partial(self._calls.invoice, invoice)
        yield "GetClientsDetails", partial(self._calls.client, client)
        if invoice:  # with no invoice to name, it might answer with everything
            yield "GetTransactions", partial(self._calls.transactions_of_invoice, invoice)

    def _version(self, books: Installation) -> Iterator[Finding]:
        yield Finding(Level.OK, "version", f"WHMCS {books.version}")
        if books.major > _NEWEST:
            yield Finding(
                Level.WARNING,
                "version",
                f"WHMCS {books.major} is newer than this bridge knows",
                "compare a few booked invoices by hand before you rely on it",
            )

    def _findings(self, books: Installation, newest: Page[Row]) -> Iterator[Finding]:
        yield from self._version(books)
        yield Finding(Level.OK, "base currency", books.base_currency)
        _, client = _ids(newest)
        if self._products and client:
            yield from _optional(
                "GetClientsProducts",
                lambda: next(self._calls.services(client), None),
                "nominals cannot be mapped by product",
            )
        if client:
            yield from _optional(
                "GetCredits",
                partial(self._calls.credits, client),
                "invoices paid from a client's balance, and refunds without a gateway, are held",
            )
        yield from _optional(
            "GetClients",
            partial(self._calls.client_page, offset=0, limit=1),
            "`bridge reconcile` cannot list clients",
        )
        yield from _optional(
            "GetPaymentMethods", self._calls.gateways, "gateways cannot be checked beforehand"
        )
        yield from self._tax_type()

    def _tax_type(self) -> Iterator[Finding]:
        word = self._calls.setting("TaxType")
        if word:
            yield Finding(Level.OK, "prices", f"TaxType is {word}; invoices are read by their sums")

    def survey(self) -> Survey:
        """What is in use: settings, and the newest page of invoices for what they do not tell."""
        books = self._reading.books()
        page = self._calls.page(offset=0, order="desc")
        rows = [row for row in page.rows if isinstance(row, WireRow)]
        gateways = {row.paymentmethod: row.paymentmethod for row in rows if row.paymentmethod}
        gateways.update((wire.module, wire.displayname) for wire in self._gateways())
        rates = {rate for row in rows for rate in (row.taxrate, row.taxrate2) if rate}
        return Survey(
            base_currency=books.base_currency,
            currencies=tuple(books.currencies.values()),
            gateways=dict(sorted(gateways.items())),
            tax_rates=tuple(f"{rate.normalize():f}" for rate in sorted(rates)),
            unpaid_documents=self._unpaid_documents(),
        )

    def _gateways(self) -> tuple[WireGateway, ...]:
        try:
            return self._calls.gateways()
        except ActionNotAllowedError:
            return ()

    def _unpaid_documents(self) -> str:
        word = self._calls.setting("EnableProformaInvoicing")
        if word is None:
            return ""
        return "proforma" if word.strip().lower() in ("on", "1", "true") else "vat_invoice"


def refuse_old(books: Installation) -> None:
    """Raise for a WHMCS that bridge cannot read.

    Raises:
        UnreachableError: with what to do.
    """
    if books.major < _OLDEST:
        raise UnreachableError(
            f"WHMCS {books.version} is older than bridge can read",
            remedy=f"update WHMCS to version {_OLDEST} or later",
        )


def _ids(newest: Page[Row]) -> tuple[int, int]:
    """Ids of the newest invoice and of its client; 0, which no record has, where there is none."""
    if not newest.rows:
        return 0, 0
    row: WireRow | OddRow = newest.rows[0]
    return row.id, row.userid


def _allowed(probe: Callable[[], object]) -> bool:
    """Whether the action may be called. What else WHMCS says of this record does not matter."""
    try:
        probe()
    except ActionNotAllowedError:
        return False
    except RecordRejectedError:
        return True
    return True


def _optional(action: str, probe: Callable[[], object], consequence: str) -> Iterator[Finding]:
    if _allowed(probe):
        return
    yield Finding(
        Level.WARNING,
        f"permission {action}",
        f"the API role does not allow {action}: {consequence}",
        f"tick {action} in that role, {_ROLE}",
    )
