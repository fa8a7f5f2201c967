"""The actions that bridge uses, typed. Each answer is checked against what was asked for.

WHMCS ignores a parameter that it does not know, so a misspelt or unsupported filter answers with
everything (seen against live installs): a row that does not fit its filter ends the reading.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from bridge.api import RecordRejectedError, TransientError, UnreachableError
from whmcs_source.api.http import Api
from whmcs_source.api.reply_errors import ActionNotAllowedError, UnreadableReplyError, is_not_found
from whmcs_source.api.shapes import Json, count, rows
from whmcs_source.api.wire_models import (
    WireClient,
    WireClientRow,
    WireCredit,
    WireCurrency,
    WireGateway,
    WireInvoice,
    WireRow,
    WireService,
    WireTransaction,
    WireVersion,
    parse,
)
from whmcs_source.settings import WhmcsSettings


@dataclass(frozen=True, slots=True)
class OddRow:
    """A row of the invoice list that cannot be read, but for its id.

    Attributes:
        userid: 0 when that cannot be read either.
        status: The word in the row, or empty.
        why: What is wrong with it.
    """

    id: int
    userid: int
    status: str
    why: str


Row = WireRow | OddRow
RowT_co = TypeVar("RowT_co", WireRow | OddRow, WireClientRow, covariant=True)


@dataclass(frozen=True, slots=True)
class Page(Generic[RowT_co]):
    """A page of a list. `total` counts what fits the filter."""

    rows: tuple[RowT_co, ...]
    total: int


class Calls:
    """WHMCS's actions as methods. Every method may raise what `Api.call` raises."""

    def __init__(self, settings: WhmcsSettings) -> None:
        self._api = Api(settings)
        self.page_size = settings.page_size

    def close(self) -> None:
        """Let go of connections."""
        self._api.close()

    def version(self) -> str:
        """WHMCS's version, ``8.13.1``. Source: WhmcsDetails, WHMCS 8.0 and later."""
        details = self._api.call("WhmcsDetails").get("whmcs")
        if not isinstance(details, Mapping):
            details = {}
        return parse(WireVersion, details, "the version").version

    def currencies(self) -> tuple[WireCurrency, ...]:
        """All currencies, by id."""
        found = rows(self._api.call("GetCurrencies"), "currencies", "currency")
        wires = [parse(WireCurrency, row, "a currency") for row in found]
        return tuple(sorted(wires, key=lambda wire: wire.id))

    def gateways(self) -> tuple[WireGateway, ...]:
        """Active gateways."""
        reply = self._api.call("GetPaymentMethods")
        found = rows(reply, "paymentmethods", "paymentmethod")
        return tuple(parse(WireGateway, row, "a payment method") for row in found)

    def setting(self, name: str) -> str | None:
        """One of WHMCS's own settings; None where the role or WHMCS does not show it."""
        try:
            value = self._api.call("GetConfigurationValue", setting=name).get("value")
        except (RecordRejectedError, ActionNotAllowedError):
            return None
        return "" if value is None else str(value)

    def page(
        self,
        *,
        offset: int,
        limit: int | None = None,
        status: str | None = None,
        client: int | None = None,
        order: str = "asc",
    ) -> Page[Row]:
        """A page of the invoice list by id, from an offset into what fits the filter.

        Raises:
            UnreachableError: WHMCS ignored the order or the filter.
        """
        asked: dict[str, str | int] = {
            "limitstart": offset,
            "limitnum": limit or self.page_size,
            "orderby": "id",
            "order": order,
        }
        if status is not None:
            asked["status"] = status
        if client is not None:
            asked["userid"] = client
        reply = self._api.call("GetInvoices", **asked)
        found = tuple(_row(raw) for raw in rows(reply, "invoices", "invoice"))
        total = _checked_total(reply, len(found), offset)
        _check_order([row.id for row in found], order)
        for row in found:
            if status is not None and row.status != status:
                raise _ignored("status", status, f"invoice {row.id} is {row.status or 'without'}")
            if client is not None and row.userid != client:
                raise _ignored("userid", client, f"invoice {row.id} is of client {row.userid}")
        return Page(found, total)

    def count(self, status: str | None = None) -> int:
        """How many invoices there are, with this status or in all."""
        return self.page(offset=0, limit=1, status=status).total

    def invoice(self, invoice_id: int) -> WireInvoice | None:
        """One invoice with lines and transactions; None when WHMCS has none with this id."""
        record = f"invoice {invoice_id}"
        try:
            reply = self._api.call("GetInvoice", invoiceid=invoice_id)
        except RecordRejectedError as error:
            if is_not_found(error):
                return None
            raise
        raw = {
            **reply,
            "items": rows(reply, "items", "item"),
            "transactions": [
                {"invoiceid": invoice_id, **row}
                for row in rows(reply, "transactions", "transaction")
            ],
        }
        wire = parse(WireInvoice, raw, record)
        if wire.id != invoice_id:
            raise _ignored("invoiceid", invoice_id, f"invoice {wire.id} came")
        return wire

    def client(self, client_id: int) -> WireClient | None:
        """One client; None when WHMCS has none with this id."""
        try:
            reply = self._api.call("GetClientsDetails", clientid=client_id)
        except RecordRejectedError as error:
            if is_not_found(error):
                return None
            raise
        nested = reply.get("client")
        wire = parse(
            WireClient, nested if isinstance(nested, Mapping) else reply, f"client {client_id}"
        )
        if wire.id != client_id:
            raise _ignored("clientid", client_id, f"client {wire.id} came")
        return wire

    def client_page(self, *, offset: int, limit: int | None = None) -> Page[WireClientRow]:
        """A page of the client list, ids ascending."""
        reply = self._api.call(
            "GetClients",
            limitstart=offset,
            limitnum=limit or self.page_size,
            orderby="id",
            sorting="ASC",
        )
        raw = rows(reply, "clients", "client")
        found = tuple(parse(WireClientRow, row, "a client of the list") for row in raw)
        _check_order([row.id for row in found], "asc")
        return Page(found, _checked_total(reply, len(found), offset))

    def transactions(self, client_id: int) -> tuple[WireTransaction, ...]:
        """All money of one client, by row id. WHMCS cannot page or filter it by day."""
        return self._transactions("clientid", client_id)

    def transactions_of_invoice(self, invoice_id: int) -> tuple[WireTransaction, ...]:
        """The money that stands on one invoice, by row id."""
        return self._transactions("invoiceid", invoice_id)

    def _transactions(self, key: str, value: int) -> tuple[WireTransaction, ...]:
        reply = self._api.call("GetTransactions", **{key: value})
        found = rows(reply, "transactions", "transaction")
        _checked_total(reply, len(found), 0)
        wires = [parse(WireTransaction, row, _named(row, "transaction")) for row in found]
        for wire in wires:
            got = wire.userid if key == "clientid" else wire.invoiceid
            if got != value:
                raise _ignored(key, value, f"transaction {wire.id} has {got}")
        return tuple(sorted(wires, key=lambda wire: wire.id))

    def credits(self, client_id: int) -> tuple[WireCredit, ...]:
        """All movements of one client's balance, oldest first; none where there is no client."""
        try:
            reply = self._api.call("GetCredits", clientid=client_id)
        except RecordRejectedError as error:
            if is_not_found(error):
                return ()
            raise
        got = count(reply, "clientid")
        if got is not None and got != client_id:
            raise _ignored("clientid", client_id, f"the balance of client {got} came")
        found = rows(reply, "credits", "credit")
        if _checked_total(reply, len(found), 0) != len(found):
            raise TransientError(
                f"WHMCS sent {len(found)} of the movements of client {client_id}'s balance",
                remedy="run bridge again; if it stays, look into the PHP error log",
            )
        wires = [parse(WireCredit, row, _named(row, "balance movement")) for row in found]
        return tuple(sorted(wires, key=lambda wire: (wire.date or dt.date.min, wire.id)))

    def services(self, client_id: int) -> Iterator[WireService]:
        """A client's services with the names of their products."""
        offset = 0
        while True:
            reply = self._api.call(
                "GetClientsProducts",
                clientid=client_id,
                limitstart=offset,
                limitnum=self.page_size,
            )
            found = rows(reply, "products", "product")
            for raw in found:
                wire = parse(WireService, raw, _named(raw, "service"))
                if wire.clientid != client_id:
                    raise _ignored("clientid", client_id, f"service {wire.id} is of another")
                yield wire
            total = _checked_total(reply, len(found), offset)
            offset += len(found)
            if not found or offset >= total:
                return


def _row(raw: Json) -> Row:
    try:
        return parse(WireRow, raw, _named(raw, "invoice"))
    except UnreadableReplyError as error:
        number = count(raw, "id")
        if number is None:
            raise
        status = raw.get("status")
        return OddRow(
            id=number,
            userid=count(raw, "userid") or 0,
            status=status if isinstance(status, str) else "",
            why=error.what,
        )


def _named(raw: Json, kind: str) -> str:
    number = count(raw, "id")
    return f"a {kind} without an id" if number is None else f"{kind} {number}"


def _checked_total(reply: Json, got: int, offset: int) -> int:
    """How many there are in all; a list that is shorter than it says is no answer."""
    total = count(reply, "totalresults")
    returned = count(reply, "numreturned")
    if total is None:
        what = "WHMCS sent a list and not how many rows it has in all"
    elif returned is not None and returned != got:
        what = f"WHMCS announced {returned} rows and sent {got}"
    elif not got and offset < total:
        what = f"WHMCS announced {total} rows and sent none from {offset} on"
    else:
        return total
    raise TransientError(what, remedy="run bridge again; if it stays, look into the PHP error log")


def _check_order(ids: list[int], order: str) -> None:
    if ids != sorted(set(ids), reverse=order == "desc"):
        raise _ignored("orderby", "id", "ids came in another order")


def _ignored(parameter: str, value: object, seen: str) -> UnreachableError:
    return UnreachableError(
        f"WHMCS ignored {parameter}={value}: {seen}, so its lists cannot be trusted",
        remedy="update WHMCS to version 8 or later, and look for an add-on that changes replies",
    )
