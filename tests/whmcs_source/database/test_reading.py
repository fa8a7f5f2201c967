"""Many records at once: in any number, from several threads, with whatever texts they hold."""

import datetime as dt
import inspect
from concurrent.futures import ThreadPoolExecutor

import pytest
from whmcs_source.api.calls import Calls
from whmcs_source.database.database_source import WhmcsDatabase
from whmcs_source.database.numbers import PIECE
from whmcs_source.database.queries import Tables
from whmcs_source.settings import Products
from whmcs_source.source.source import WhmcsSource

from bridge.api import Invoice, Missing, invoice_ref
from tests.whmcs_source.database.installation import Installation

TODAY = dt.date(2026, 11, 2)


def ids(installation: Installation) -> list[int]:
    return [row[0] for row in installation.ask("SELECT id FROM tblinvoices ORDER BY id")]


def test_every_question_to_the_api_is_answered_from_the_tables() -> None:
    """A question that API mode learns later would otherwise go to an API that is not there."""
    asked = {name for name, _ in inspect.getmembers(Calls, inspect.isfunction)}
    public = {name for name in asked if not name.startswith("_")}
    assert public <= set(vars(Tables))


def test_more_than_a_piece_is_answered_in_the_order_asked(
    installation: Installation, tables: WhmcsDatabase
) -> None:
    """Twice over and backwards, with some that do not exist."""
    every = ids(installation)
    numbers = [*reversed(every), 5, *every, 7, *every]
    assert len(numbers) > PIECE
    answers = list(tables.invoices([invoice_ref(number) for number in numbers]))
    assert [int(answer.ref.id) for answer in answers] == numbers
    for answer in answers:
        exists = int(answer.ref.id) in every
        assert exists or (isinstance(answer, Missing) and answer.gone)


def test_several_threads_read_the_same(installation: Installation, tables: WhmcsDatabase) -> None:
    refs = [invoice_ref(number) for number in ids(installation)]
    expected = list(tables.invoices(refs))
    with installation.open() as fresh, ThreadPoolExecutor(4) as pool:
        parts = [refs[start::8] for start in range(8)]
        found = list(pool.map(lambda part: list(fresh.invoices(part)), parts))
    for start, part in enumerate(found):
        assert part == expected[start::8]


@pytest.mark.parametrize("parting", ["\x1f", "\x1e", "\x1f\x1e", "\x1e\x1f\x1f\x1f\x1f\x1f\x1e"])
def test_a_text_that_holds_the_bytes_between_columns_is_read_whole(
    installation: Installation, tables: WhmcsDatabase, parting: str
) -> None:
    """Rows come joined; what cannot be parted again is asked for column by column."""
    number = ids(installation)[0]
    installation.run(
        f"UPDATE tblinvoiceitems SET description = 'a{parting}b' WHERE invoiceid = {number}",
        f"UPDATE tblaccounts SET transid = '{parting}y' WHERE invoiceid = {number}",
    )
    [invoice] = tables.invoices([invoice_ref(number)])
    assert isinstance(invoice, Invoice)
    assert {line.description for line in invoice.lines} == {"ab"}
    assert {row.reference for row in invoice.transactions} == {"y"}


def test_more_than_the_database_joins_is_read_whole(
    installation: Installation, tables: WhmcsDatabase
) -> None:
    """It cuts what is longer than a limit, here in the middle of a row, and says nothing of it."""
    every = [invoice_ref(number) for number in ids(installation)]
    lines = sum(len(one.lines) for one in tables.invoices(every) if isinstance(one, Invoice))
    assert lines * 60_000 > 1_000_000
    installation.run("UPDATE tblinvoiceitems SET description = REPEAT('x', 60000)")
    found = [one for one in tables.invoices(every) if isinstance(one, Invoice)]
    assert sum(len(one.lines) for one in found) == lines
    assert {len(line.description) for one in found for line in one.lines} == {60_000}


def test_products_are_named_unless_they_are_skipped(
    installation: Installation, source: WhmcsSource, tables: WhmcsDatabase
) -> None:
    """A service of another client's gives no name: the API lists services by client."""
    refs = [invoice_ref(number) for number in ids(installation)]
    named = {
        line.product
        for invoice in tables.invoices(refs)
        if isinstance(invoice, Invoice)
        for line in invoice.lines
    }
    assert {"Reseller Gold", "Virtual Server"} <= named
    with installation.open(products=Products.SKIP) as skipping:
        for invoice in skipping.invoices(refs):
            assert not isinstance(invoice, Invoice) or not any(
                line.product for line in invoice.lines
            )
    installation.run("UPDATE tblhosting SET userid = userid + 1")
    with installation.open() as moved:
        for invoice in moved.invoices(refs[:20]):
            assert not isinstance(invoice, Invoice) or not any(
                line.product for line in invoice.lines
            )
