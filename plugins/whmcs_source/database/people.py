"""Clients, their money and what they have ordered."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from whmcs_source.api.reply_errors import UnreadableReplyError
from whmcs_source.api.wire_models import WireClient, WireCredit, WireTransaction, parse
from whmcs_source.database.connection import Row, Snapshot
from whmcs_source.database.layout import PRODUCT_TABLES
from whmcs_source.database.numbers import among, pieces
from whmcs_source.database.rows import Maker, number_of
from whmcs_source.database.setup import Asked, Setup, names_of
from whmcs_source.translate.invoice import Product

Money = tuple[WireTransaction, ...] | UnreadableReplyError


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A client's service and what it is an instance of."""

    client: int
    product: Product


def clients(asked: Asked, numbers: Collection[int]) -> dict[int, WireClient | UnreadableReplyError]:
    """Clients; those that do not exist are left out."""
    setup = asked.setup()
    maker = setup.client
    currency = maker.columns.index("currency")
    found: dict[int, WireClient | UnreadableReplyError] = {}
    for piece in pieces(numbers):
        with asked.database.snapshot() as snapshot:
            codes = setup.codes(snapshot)
            rows = snapshot.rows(
                f"SELECT {names_of(maker.columns)} FROM tblclients"  # noqa: S608  # our own names
                f" WHERE {among('id', piece)}"
            )
        for row in rows:
            number = number_of(row[0])
            raw = {**maker.raw(row), "currency_code": codes.get(number_of(row[currency]), "")}
            try:
                found[number] = parse(WireClient, raw, f"client {number}")
            except UnreadableReplyError as error:
                found[number] = error
    wanted = set(numbers)
    return {number: answer for number, answer in found.items() if number in wanted}


def transactions(asked: Asked, condition: str) -> tuple[WireTransaction, ...]:
    """Transactions that fit a condition, which must be of bridge's own words and numbers."""
    maker = asked.setup().transaction
    with asked.database.snapshot() as snapshot:
        rows = snapshot.rows(
            f"SELECT {names_of(maker.columns)} FROM tblaccounts WHERE {condition}"  # noqa: S608
        )
    return tuple(maker.make(row, f"transaction {number_of(row[0])}") for row in rows)


def money_of(asked: Asked, numbers: Collection[int]) -> dict[int, Money]:
    """All money of these clients, by row id; an error in place of what makes no sense."""
    maker = asked.setup().transaction
    user = maker.columns.index("userid")
    rows: dict[int, list[Row]] = {number: [] for number in numbers}
    for piece in pieces(numbers):
        with asked.database.snapshot() as snapshot:
            found = snapshot.rows(
                f"SELECT {names_of(maker.columns)} FROM tblaccounts"  # noqa: S608  # our own names
                f" WHERE {among('userid', piece)} ORDER BY id"
            )
        for row in found:
            if number_of(row[user]) in rows:
                rows[number_of(row[user])].append(row)
    return {number: _money(maker, own) for number, own in rows.items()}


def _money(maker: Maker[WireTransaction], rows: Sequence[Row]) -> Money:
    try:
        return tuple([maker.make(row, f"transaction {number_of(row[0])}") for row in rows])
    except UnreadableReplyError as error:
        return error


def movements(asked: Asked, client_id: int) -> tuple[WireCredit, ...]:
    """All movements of one client's balance, oldest first."""
    maker = asked.setup().credit
    with asked.database.snapshot() as snapshot:
        rows = snapshot.rows(
            f"SELECT {names_of(maker.columns)} FROM tblcredit"  # noqa: S608  # our own names
            f" WHERE clientid = {client_id}"
        )
    wires = [maker.make(row, f"balance movement {number_of(row[0])}") for row in rows]
    return tuple(sorted(wires, key=lambda wire: (wire.date or dt.date.min, wire.id)))


def prepaid(asked: Asked) -> list[int]:
    """Clients who have a balance or ever had one, ids ascending."""
    statement = "SELECT DISTINCT clientid FROM tblcredit"
    if "credit" in asked.setup().layout.of("tblclients"):
        statement += " UNION SELECT id FROM tblclients WHERE credit <> 0"
    with asked.database.snapshot() as snapshot:
        return sorted(number_of(row[0]) for row in snapshot.rows(statement))


def services(setup: Setup, snapshot: Snapshot, numbers: Collection[int]) -> dict[int, ServiceRow]:
    """Services by id; one whose product or group is gone is left out, as the API leaves it out."""
    found: dict[int, ServiceRow] = {}
    for piece in pieces(numbers):
        found |= _services(setup, snapshot, among("id", piece))
    return found


def services_of(asked: Asked, client: int) -> dict[int, ServiceRow]:
    """A client's services by id, ascending."""
    with asked.database.snapshot() as snapshot:
        every = _services(asked.setup(), snapshot, f"userid = {client}")
    return dict(sorted(every.items()))


def _services(setup: Setup, snapshot: Snapshot, condition: str) -> dict[int, ServiceRow]:
    """In one row a product: the rows would take longer than what is in them."""
    if not all(setup.layout.has(name) for name in PRODUCT_TABLES):
        return {}
    products = setup.products(snapshot)
    rows = snapshot.rows(
        "SELECT packageid, GROUP_CONCAT(id, '.', userid) FROM tblhosting"  # noqa: S608
        f" WHERE {condition} GROUP BY packageid"
    )
    found: dict[int, ServiceRow] = {}
    for package, pairs in rows:
        product = products.get(number_of(package))
        if product is None:
            continue
        for pair in (pairs or b"").split(b","):
            service, _, client = pair.partition(b".")
            found[int(service)] = ServiceRow(int(client), product)
    return found
