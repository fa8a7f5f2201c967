"""Tables that were asked for many records at once, for code that asks one by one."""

from collections.abc import Collection, Mapping

from whmcs_source.api.reply_errors import UnreadableReplyError
from whmcs_source.api.wire_models import WireInvoice, WireTransaction
from whmcs_source.database import people
from whmcs_source.database.batch import Answers
from whmcs_source.database.queries import Tables


class ReadAhead(Tables):
    """As `Tables`, with what was last expected already read. For one thread."""

    def __init__(self, tables: Tables) -> None:
        super().__init__(tables.database, page_size=tables.page_size, asked=tables.asked)
        self._invoices: Answers = {}
        self._expected: frozenset[int] = frozenset()
        self._money: Mapping[int, people.Money] = {}

    def expect_invoices(self, numbers: Collection[int]) -> None:
        """Read these invoices, and forget those before."""
        self._invoices = self.whole(numbers)
        self._expected = frozenset(numbers)

    def expect_money(self, clients: Collection[int]) -> None:
        """Read all money of these clients, and forget that of those before."""
        self._money = people.money_of(self.asked, clients)

    def invoice(self, invoice_id: int) -> WireInvoice | None:
        """As `Tables`."""
        if invoice_id not in self._expected:
            return super().invoice(invoice_id)
        answer = self._invoices.get(invoice_id)
        if isinstance(answer, UnreadableReplyError):
            raise answer
        return answer

    def transactions(self, client_id: int) -> tuple[WireTransaction, ...]:
        """As `Tables`."""
        if client_id not in self._money:
            return super().transactions(client_id)
        answer = self._money[client_id]
        if isinstance(answer, UnreadableReplyError):
            raise answer
        return answer
