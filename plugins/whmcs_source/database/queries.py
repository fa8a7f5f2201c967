"""The questions that the API answers, answered from the tables."""

import re
from collections.abc import Collection, Iterator

from whmcs_source.api.calls import Calls, Page, Row as ListRow
from whmcs_source.api.reply_errors import UnreadableReplyError
from whmcs_source.api.wire_models import (
    WireClient,
    WireClientRow,
    WireCredit,
    WireCurrency,
    WireGateway,
    WireInvoice,
    WireService,
    WireTransaction,
    WireVersion,
    parse,
)
from whmcs_source.database import batch as invoices, people
from whmcs_source.database.connection import DatabaseConnection
from whmcs_source.database.rows import Maker, number_of, text_of
from whmcs_source.database.setup import Asked

_SETTING = re.compile(r"\w+")


class Tables(Calls):
    """WHMCS's tables. Safe for several threads.

    Each answer is of one moment: a read-only transaction of its own. Every method may raise what
    `DatabaseConnection.snapshot` raises, and on first use `AccessError` or `UnreachableError` for
    what is not there.
    """

    def __init__(
        self, database: DatabaseConnection, *, page_size: int, asked: Asked | None = None
    ) -> None:
        self.asked = asked or Asked(database)
        self.database = database
        self.page_size = page_size

    def close(self) -> None:
        """Let go of connections."""
        self.database.close()

    # The install ------------------------------------------------------------------------------

    def version(self) -> str:
        """WHMCS's version, ``8.13.1``; the table has ``8.13.1-release.1``."""
        stored = (self.setting("Version") or "").partition("-")[0]
        return parse(WireVersion, {"version": stored}, "the version").version

    def setting(self, name: str) -> str | None:
        """One of WHMCS's own settings; None where it has none of this name."""
        if not _SETTING.fullmatch(name):
            return None
        self.asked.setup()
        with self.database.snapshot() as snapshot:
            found = snapshot.rows(
                f"SELECT value FROM tblconfiguration WHERE setting = '{name}'"  # noqa: S608  # a word
            )
        return (text_of(found[0][0]) or "") if found else None

    def currencies(self) -> tuple[WireCurrency, ...]:
        """All currencies, by id."""
        self.asked.setup()
        maker = Maker(WireCurrency, ("id", "code", "rate"))
        with self.database.snapshot() as snapshot:
            found = snapshot.rows("SELECT id, code, rate FROM tblcurrencies ORDER BY id")
        return tuple(maker.make(row, "a currency") for row in found)

    def gateways(self) -> tuple[WireGateway, ...]:
        """Active gateways; by their system names alone where names may not be read."""
        layout = self.asked.setup().layout
        if not layout.has("tblpaymentgateways"):
            return ()
        there = layout.of("tblpaymentgateways")
        name = "value" if "value" in there else "gateway"
        order = "`order`" if "order" in there else "gateway"
        with self.database.snapshot() as snapshot:
            found = snapshot.rows(
                f"SELECT gateway, {name} FROM tblpaymentgateways"  # noqa: S608  # our own names
                f" WHERE setting = 'name' ORDER BY {order}"
            )
        maker = Maker(WireGateway, ("module", "displayname"))
        return tuple(maker.make(row, "a payment method") for row in found)

    # Invoices ---------------------------------------------------------------------------------

    def page(
        self,
        *,
        offset: int,
        limit: int | None = None,
        status: str | None = None,
        client: int | None = None,
        order: str = "asc",
    ) -> Page[ListRow]:
        """A page of the invoice list by id. For a few pages: the database counts off the rest."""
        setup, condition = self.asked.setup(), _condition(status, client)
        direction = "DESC" if order == "desc" else "ASC"
        end = f"ORDER BY id {direction} LIMIT {limit or self.page_size} OFFSET {offset}"
        with self.database.snapshot() as snapshot:
            [total] = snapshot.row(f"SELECT COUNT(*) FROM tblinvoices WHERE {condition}")  # noqa: S608
            found = invoices.list_rows(setup, snapshot, f"{condition} {end}")
        return Page(found, number_of(total))

    def count(self, status: str | None = None) -> int:
        """How many invoices there are, with this status or in all."""
        condition = _condition(status, None)
        self.asked.setup()
        with self.database.snapshot() as snapshot:
            [total] = snapshot.row(f"SELECT COUNT(*) FROM tblinvoices WHERE {condition}")  # noqa: S608
        return number_of(total)

    def of_client(self, client_id: int) -> tuple[ListRow, ...]:
        """A client's whole list, by id."""
        return invoices.listed(self.asked, f"userid = {client_id} ORDER BY id")

    def invoice(self, invoice_id: int) -> WireInvoice | None:
        """One invoice with its lines and all transactions that belong to it."""
        answer = self.whole([invoice_id]).get(invoice_id)
        if isinstance(answer, UnreadableReplyError):
            raise answer
        return answer

    def whole(self, numbers: Collection[int]) -> invoices.Answers:
        """Many invoices as `invoice` gives them; errors in place of those that make no sense."""
        return invoices.whole(self.asked, numbers)

    # Clients ----------------------------------------------------------------------------------

    def client(self, client_id: int) -> WireClient | None:
        """One client; None when there is none with this id."""
        answer = self.clients([client_id]).get(client_id)
        if isinstance(answer, UnreadableReplyError):
            raise answer
        return answer

    def clients(self, numbers: Collection[int]) -> dict[int, WireClient | UnreadableReplyError]:
        """Many clients; errors in place of those that make no sense."""
        return people.clients(self.asked, numbers)

    def client_page(self, *, offset: int, limit: int | None = None) -> Page[WireClientRow]:
        """A page of the client list, ids ascending."""
        self.asked.setup()
        with self.database.snapshot() as snapshot:
            [total] = snapshot.row("SELECT COUNT(*) FROM tblclients")
            rows = snapshot.rows(
                f"SELECT id FROM tblclients ORDER BY id LIMIT {limit or self.page_size}"  # noqa: S608
                f" OFFSET {offset}"
            )
        return Page(tuple(WireClientRow(id=number_of(row[0])) for row in rows), number_of(total))

    def transactions(self, client_id: int) -> tuple[WireTransaction, ...]:
        """All money of one client, by row id."""
        return people.transactions(self.asked, f"userid = {client_id} ORDER BY id")

    def transactions_of_invoice(self, invoice_id: int) -> tuple[WireTransaction, ...]:
        """The money that stands on one invoice, by row id."""
        return people.transactions(self.asked, f"invoiceid = {invoice_id} ORDER BY id")

    def credits(self, client_id: int) -> tuple[WireCredit, ...]:
        """All movements of one client's balance, oldest first."""
        return people.movements(self.asked, client_id)

    def services(self, client_id: int) -> Iterator[WireService]:
        """A client's services with the names of their products."""
        found = people.services_of(self.asked, client_id)
        for number, service in found.items():
            yield WireService(
                id=number,
                clientid=client_id,
                name=service.product.name,
                groupname=service.product.group,
            )


def _condition(status: str | None, client: int | None) -> str:
    parts = ["1"]
    if status is not None:
        word = "".join(each for each in status if each.isalpha() or each == " ")
        parts.append(f"status = '{word}'")
    if client is not None:
        parts.append(f"userid = {client}")
    return " AND ".join(parts)
