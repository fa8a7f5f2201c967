"""Values as MySQL has them: stray bytes, zero dates, NULLs, and rows that make no sense."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from hypothesis import given, strategies as st
from whmcs_source.api.reply_errors import UnreadableReplyError
from whmcs_source.api.wire_models import WireInvoice, WireItem, WireRow, WireTransaction, parse
from whmcs_source.database.database_source import WhmcsDatabase
from whmcs_source.database.rows import Maker, built, text_of
from whmcs_source.source.source import WhmcsSource

from bridge.api import (
    Client,
    Days,
    Header,
    Invoice,
    InvoiceState,
    Missing,
    ScanPolicy,
    client_ref,
    invoice_ref,
)
from bridge.testing.memory.known import MemoryKnown
from tests.whmcs_source.company import Company
from tests.whmcs_source.database.installation import Installation

NOW = ScanPolicy(dt.date(2026, 11, 2))

# Fast and slow ------------------------------------------------------------------------------------

MONEY = st.decimals(-(10**9), 10**9, places=2).map(str)
WORDS = st.text(st.characters(codec="utf-8"), max_size=40)
MOMENTS = st.one_of(
    st.datetimes().map(lambda moment: f"{moment:%Y-%m-%d %H:%M:%S}".rjust(19, "0")),
    st.dates().map(str),
    st.sampled_from(["0000-00-00", "0000-00-00 00:00:00", "2026-02-00", "2026-00-10 10:00:00"]),
)
NUMBERS = st.one_of(st.integers(0, 2**31).map(str), st.sampled_from(["-1", "0"]))
COLUMNS: dict[type[Any], dict[str, st.SearchStrategy[str]]] = {
    WireItem: {
        "id": NUMBERS,
        "type": WORDS,
        "relid": NUMBERS,
        "description": WORDS,
        "amount": MONEY,
        "taxed": st.sampled_from(["0", "1", "on", "", "2"]),
    },
    WireTransaction: {
        "id": NUMBERS,
        "userid": NUMBERS,
        "gateway": WORDS,
        "date": MOMENTS,
        "description": WORDS,
        "amountin": MONEY,
        "fees": MONEY,
        "amountout": MONEY,
        "rate": MONEY,
        "transid": WORDS,
        "invoiceid": NUMBERS,
        "refundid": NUMBERS,
    },
    WireRow: {
        "id": NUMBERS,
        "userid": NUMBERS,
        "invoicenum": WORDS,
        "date": MOMENTS,
        "datepaid": MOMENTS,
        "subtotal": MONEY,
        "tax": MONEY,
        "total": MONEY,
        "status": WORDS,
        "updated_at": MOMENTS,
    },
}


PLAIN = {
    **COLUMNS[WireTransaction],
    "date": st.one_of(st.just("2026-05-05 10:00:00"), st.just("2026-05-05T10:00:00")),
    "description": st.text("abc  <&\x1f\n", max_size=8),
    "transid": st.text("abc ", max_size=4),
}


@given(data=st.data(), model=st.sampled_from(sorted(COLUMNS, key=str)))
def test_a_row_is_read_as_pydantic_reads_it(data: st.DataObject, model: type[Any]) -> None:
    """Value for value, and error for error: the fast way is no second set of rules."""
    fields = COLUMNS[model]
    drawn = {name: data.draw(st.one_of(values, st.none())) for name, values in fields.items()}
    row = [None if value is None else value.encode() for value in drawn.values()]
    maker = Maker(model, tuple(fields))
    made = outcome(lambda: maker.make(row, "it"))
    expected = outcome(lambda: parse(model, drawn, "it"))
    assert made == expected
    assert types(made) == types(expected)


@given(data=st.data(), model=st.sampled_from(sorted(COLUMNS, key=str)), are_plain=st.booleans())
def test_many_rows_are_read_as_one_by_one(
    data: st.DataObject, model: type[Any], are_plain: bool
) -> None:
    """Or none of them, where any makes no sense: then each is read by itself, which tells of it."""
    fields = PLAIN if are_plain else COLUMNS[model]
    model = WireTransaction if are_plain else model
    each = st.tuples(*(values if are_plain else values | st.none() for values in fields.values()))
    drawn = data.draw(st.lists(each, max_size=4))
    rows = [[None if value is None else value.encode() for value in row] for row in drawn]
    maker = Maker(model, tuple(fields))
    one_by_one = [outcome(partial(maker.make, row, "it")) for row in rows]
    try:
        made = maker.make_all(rows)
    except (ArithmeticError, TypeError, ValueError):
        assert any(isinstance(answer, list) for answer in one_by_one)
    else:
        assert made == one_by_one
        assert [*map(types, made)] == [*map(types, one_by_one)]


def types(pairs: Any) -> dict[str, type[Any]]:
    return {name: type(value) for name, value in pairs}


def outcome(read: Callable[[], Any]) -> Any:
    """What was read, or what was said of it."""
    try:
        return read()
    except UnreadableReplyError as error:
        return [("what", error.what), ("remedy", error.remedy), ("record", error.record)]


def test_a_record_that_was_built_behaves_as_one_that_was_validated() -> None:
    values = {
        "id": 1,
        "type": "Hosting",
        "relid": 7,
        "description": "Starter",
        "amount": Decimal("10.00"),
        "taxed": True,
    }
    made, validated = built(WireItem, dict(values), set(values)), WireItem.model_validate(values)
    assert made == validated
    assert repr(made) == repr(validated)
    assert made.model_dump() == validated.model_dump()
    assert made.model_copy(update={"relid": 8}).relid == 8
    with pytest.raises(ValueError, match="frozen"):
        made.relid = 8  # type: ignore[misc]  # that is the point


def test_a_column_that_the_model_needs_and_the_row_lacks_is_an_error() -> None:
    maker = Maker(WireItem, ("id", "type"))
    with pytest.raises(UnreadableReplyError, match=r"the field amount .* is missing"):
        maker.make((b"1", b""), "invoice 5")
    with pytest.raises(ValueError, match="a field is missing"):
        maker.make_all([(b"1", b"")])


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ("Müller".encode(), "Müller"),
        ("Müller".encode("latin-1"), "Müller"),
        (b"Caf\xe9 \x80 5 \xc3\xa9", "Café € 5 é"),
        (None, None),
    ],
)
def test_a_byte_that_is_no_utf8_is_western_it_alone(stored: bytes | None, read: str) -> None:
    assert text_of(stored) == read


# In a database ------------------------------------------------------------------------------------


def test_bytes_of_two_encodings_in_one_column_are_both_read(
    installation: Installation, tables: WhmcsDatabase
) -> None:
    """As they lie there, whatever the column is declared to hold."""
    installation.run(
        "ALTER TABLE tblclients MODIFY lastname varchar(90) CHARACTER SET latin1 NOT NULL",
        "UPDATE tblclients SET lastname = x'4DFC6C6C6572' WHERE id = 1",
        "UPDATE tblclients SET lastname = x'4DC3BC6C6C6572' WHERE id = 2",
        "UPDATE tblclients SET firstname = 'O&#039;Neil &amp; <b>Co</b>' WHERE id = 2",
    )
    try:
        one, two = tables.clients([client_ref(1), client_ref(2)])
        assert isinstance(one, Client)
        assert isinstance(two, Client)
        assert one.last_name == two.last_name == "Müller"
        assert two.first_name == "O'Neil & Co"
    finally:
        installation.run("ALTER TABLE tblclients MODIFY lastname text NOT NULL")


def test_nulls_and_zero_dates_are_nothing(
    installation: Installation, tables: WhmcsDatabase
) -> None:
    number = int(installation.ask("SELECT MIN(id) FROM tblinvoices WHERE status = 'Paid'")[0][0])
    installation.run(
        f"UPDATE tblinvoices SET invoicenum = NULL, updated_at = NULL, duedate = '0000-00-00',"
        f" datepaid = 0 WHERE id = {number}",
        f"UPDATE tblaccounts SET transid = NULL WHERE invoiceid = {number}",
    )
    [invoice] = tables.invoices([invoice_ref(number)])
    assert isinstance(invoice, Invoice)
    assert (invoice.number, invoice.due, invoice.paid_on) == (str(number), None, None)
    assert {row.reference for row in invoice.transactions} == {""}


OWNER = "id = (SELECT userid FROM tblinvoices WHERE id = {0})"
BROKEN = [
    "UPDATE tblinvoices SET status = 'Posted' WHERE id = {0}",
    "UPDATE tblinvoices SET status = '' WHERE id = {0}",
    "UPDATE tblinvoices SET userid = 987654 WHERE id = {0}",
    "UPDATE tblinvoices SET userid = -1 WHERE id = {0}",
    "UPDATE tblinvoices SET date = '2026-02-00' WHERE id = {0}",
    "UPDATE tblinvoiceitems SET taxed = 7 WHERE invoiceid = {0}",
    "UPDATE tblinvoiceitems SET relid = -3 WHERE invoiceid = {0}",
    "UPDATE tblaccounts SET date = '0000-00-00' WHERE invoiceid = {0}",
    "UPDATE tblaccounts SET date = '2026-02-00' WHERE invoiceid = {0}",
    f"UPDATE tblclients SET currency = 99 WHERE {OWNER}",
    f"DELETE FROM tblclients WHERE {OWNER}",
]


@pytest.mark.parametrize("statement", BROKEN)
def test_what_makes_no_sense_is_told_as_in_api_mode(
    company: Company,
    source: WhmcsSource,
    installation: Installation,
    tables: WhmcsDatabase,
    statement: str,
) -> None:
    """In a header, in an invoice, in its client's money, and in a reconciliation."""
    [first] = company.box.rows(
        "SELECT MIN(invoiceid) AS id FROM tblaccounts WHERE invoiceid IN"
        " (SELECT id FROM tblinvoices WHERE status = 'Paid')"
    )
    number = int(first["id"])
    company.write(statement.format(number))
    installation.fill(company.box)
    assert seen_by(tables, number) == seen_by(source, number)
    ref = invoice_ref(number)
    [ours], [theirs] = tables.invoices([ref]), source.invoices([ref])
    assert ours == theirs
    if isinstance(ours, Missing):
        assert not ours.gone
    ever = Days(dt.date(2020, 1, 1), dt.date(2030, 1, 1))
    assert outcome(lambda: list(tables.records(ever))) == outcome(
        lambda: list(source.records(ever))
    )


def seen_by(source: WhmcsSource, number: int) -> Header:
    source.check()
    every = source.scan(None, MemoryKnown(), NOW)
    [header] = [row for row in every if isinstance(row, Header) and row.ref == invoice_ref(number)]
    assert header.state in InvoiceState
    return header


def test_one_that_makes_no_sense_does_not_keep_others_from_being_read(
    installation: Installation, tables: WhmcsDatabase
) -> None:
    ids = [row[0] for row in installation.ask("SELECT id FROM tblinvoices ORDER BY id LIMIT 20")]
    installation.run(f"UPDATE tblinvoiceitems SET taxed = 7 WHERE invoiceid = {ids[7]}")
    answers = list(tables.invoices([invoice_ref(number) for number in ids]))
    assert [type(answer) for answer in answers].count(Missing) == 1
    assert isinstance(answers[7], Missing)
    assert WireInvoice.__name__ not in answers[7].why
