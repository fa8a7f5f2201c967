"""Every client's prepaid balance as WHMCS itself keeps it, for reconciliation."""

from collections.abc import Iterable, Iterator

from bridge.api import ClientBalance, client_ref
from whmcs_source.api.calls import Calls
from whmcs_source.api.walk import Place, walk
from whmcs_source.read import RecordReader
from whmcs_source.translate.transactions import money


class Prepaid:
    """WHMCS lists no balances: each client is asked for the own figure and for what moved it.

    The own figure is tblclients.credit, as GetClientsDetails shows it (WHMCS API reference). That
    it is the sum of the movements is likely and not documented, so it is read, not worked out.
    """

    def __init__(self, calls: Calls, reading: RecordReader) -> None:
        self._calls = calls
        self._reading = reading

    def read(self, clients: Iterable[int]) -> Iterator[ClientBalance]:
        """In the order asked, without those that have none and never had.

        Raises:
            AccessError: the API role lacks GetCredits or GetClientsDetails.
        """
        for number in clients:
            wire = self._calls.client(number)
            if wire is None:
                continue
            currency = wire.currency_code.upper()
            self._reading.remember_currency(number, currency)
            entries = tuple(self._reading.balance(number))
            amount = money(wire.credit, currency, f"client {number}")
            if amount or entries:
                yield ClientBalance(client_ref(number), amount, entries)

    def clients(self) -> Iterator[int]:
        """Every client's id, ascending."""
        for stretch in walk(lambda offset: self._calls.client_page(offset=offset), Place()):
            yield from (row.id for row in stretch.rows)

    def cost(self) -> int:
        """About how many calls it takes to ask everybody; 1 call to find out."""
        clients = self._calls.client_page(offset=0, limit=1).total
        return 1 + clients // self._calls.page_size + 2 * clients
