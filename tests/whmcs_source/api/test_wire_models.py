"""Every oddity of WHMCS's JSON is read, and what cannot be read exactly is refused by name."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from whmcs_source.api.replies import parsed, retry_after_s
from whmcs_source.api.reply_errors import UnreadableReplyError
from whmcs_source.api.shapes import count, rows
from whmcs_source.api.wire_models import (
    WireClient,
    WireInvoice,
    WireItem,
    WireRow,
    WireService,
    WireTransaction,
    parse,
)

_YES = (1, "1", "on", True, "true")
_NO = (0, "0", "", False, "false", None)


def a_row(**changes: Any) -> dict[str, Any]:
    return {
        "id": 1,
        "userid": 2,
        "subtotal": "100.00",
        "credit": "0.00",
        "tax": "20.00",
        "tax2": "0.00",
        "total": "120.00",
        "taxrate": "20.000",
        "status": "Paid",
        "currencycode": "GBP",
    } | changes


@pytest.mark.parametrize("empty", ["", [], {}, None, {"item": []}, {"item": ""}, {"item": None}])
def test_every_form_of_an_empty_list_is_empty(empty: object) -> None:
    assert rows({"items": empty}, "items", "item") == []


def test_a_missing_list_is_empty() -> None:
    assert rows({}, "items", "item") == []


@pytest.mark.parametrize(
    "wrapped",
    [
        {"item": [{"id": 1}]},
        {"item": {"id": 1}},
        {"item": {"0": {"id": 1}}},
        [{"id": 1}],
    ],
)
def test_one_element_is_a_list_of_one_whatever_its_wrapping(wrapped: object) -> None:
    assert rows({"items": wrapped}, "items", "item") == [{"id": 1}]


def test_numbered_keys_are_a_list_in_numeric_order() -> None:
    numbered = {str(n): {"id": n} for n in (10, 2, 1)}
    found = rows({"items": {"item": numbered}}, "items", "item")
    assert [row["id"] for row in found] == [1, 2, 10]


def test_flattened_keys_are_put_back() -> None:
    flat = {
        "result": "success",
        "currencies[currency][0][id]": "1",
        "currencies[currency][0][code]": "GBP",
        "currencies[currency][1][id]": "2",
    }
    assert rows(flat, "currencies", "currency") == [{"id": "1", "code": "GBP"}, {"id": "2"}]


@pytest.mark.parametrize("broken", ["text", 5, [1, 2], {"item": "text"}])
def test_a_list_of_no_known_form_is_an_error_and_not_empty(broken: object) -> None:
    with pytest.raises(UnreadableReplyError):
        rows({"items": broken}, "items", "item")


def test_counters_may_be_text() -> None:
    assert (count({"n": "2"}, "n"), count({"n": 2}, "n"), count({}, "n")) == (2, 2, None)


@pytest.mark.parametrize("value", [1, "1", " 1 "])
def test_ids_may_be_numbers_or_text(value: object) -> None:
    assert parse(WireRow, a_row(id=value), "invoice 1").id == 1


@pytest.mark.parametrize("value", ["", None, "1.5", "-1", True, [], "one"])
def test_what_is_no_id_is_refused(value: object) -> None:
    with pytest.raises(UnreadableReplyError, match="id"):
        parse(WireRow, a_row(id=value), "an invoice")


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ("15.95", "15.95"),
        ("-15.95", "-15.95"),
        ("12100.00", "12100"),
        (Decimal("0.10"), "0.1"),
        (7, "7"),
    ],
)
def test_money_is_read_exactly(value: object, amount: str) -> None:
    assert parse(WireRow, a_row(total=value), "invoice 1").total == Decimal(amount)


@pytest.mark.parametrize("value", ["", None, "$15.95 USD", "1,000.00", "NaN", 15.95, True, "1e3"])
def test_a_total_that_is_no_exact_amount_is_refused(value: object) -> None:
    with pytest.raises(UnreadableReplyError, match="total") as caught:
        parse(WireRow, a_row(total=value), "invoice 1")
    assert caught.value.record == "invoice 1"
    assert "invoice 1" in caught.value.remedy


def test_money_never_passes_through_a_float() -> None:
    """A number that a float cannot hold comes out as it went in."""
    reply = parsed('{"result": "success", "total": 90071992547409.93}')
    assert reply is not None
    assert parse(WireRow, a_row(total=reply["total"]), "invoice 1").total == Decimal(
        "90071992547409.93"
    )


@pytest.mark.parametrize("field", ["credit", "tax2"])
@pytest.mark.parametrize("value", ["", None])
def test_an_empty_credit_is_zero(field: str, value: object) -> None:
    assert getattr(parse(WireRow, a_row(**{field: value}), "invoice 1"), field) == 0


@pytest.mark.parametrize("field", ["id", "userid", "subtotal", "tax", "total", "status"])
def test_a_missing_field_is_named_with_its_record(field: str) -> None:
    raw = a_row()
    del raw[field]
    with pytest.raises(UnreadableReplyError, match=field) as caught:
        parse(WireRow, raw, "invoice 1")
    assert "missing" in caught.value.what


@pytest.mark.parametrize(
    "value",
    ["0000-00-00", "0000-00-00 00:00:00", "", None, "-0001-11-30 00:00:00"],
)
def test_zero_dates_are_no_dates(value: object) -> None:
    assert parse(WireRow, a_row(datepaid=value), "invoice 1").datepaid is None


def test_a_time_gives_its_local_day() -> None:
    row = parse(WireRow, a_row(datepaid="2026-02-03 23:59:59"), "invoice 1")
    assert row.datepaid == dt.date(2026, 2, 3)


@pytest.mark.parametrize("value", ["03/02/2026", "2026-13-01", "yesterday", 20260203])
def test_what_is_no_date_is_refused(value: object) -> None:
    with pytest.raises(UnreadableReplyError, match="datepaid"):
        parse(WireRow, a_row(datepaid=value), "invoice 1")


@pytest.mark.parametrize(
    ("value", "taxed"),
    [*((value, True) for value in _YES), *((value, False) for value in _NO)],
)
def test_every_form_of_yes_and_no_is_read(value: object, taxed: bool) -> None:
    item = parse(WireItem, {"id": 1, "amount": "1.00", "taxed": value}, "line 1")
    assert item.taxed is taxed


def test_a_flag_of_another_kind_is_refused() -> None:
    with pytest.raises(UnreadableReplyError, match="taxed"):
        parse(WireItem, {"id": 1, "amount": "1.00", "taxed": "perhaps"}, "line 1")


def test_the_status_of_an_invoice_is_not_the_outcome_of_the_call() -> None:
    raw = a_row(result="success", invoiceid="5", status="Unpaid")
    del raw["id"]
    wire = parse(WireInvoice, raw, "invoice 5")
    assert (wire.id, wire.status) == (5, "Unpaid")


def test_a_line_that_cannot_be_read_names_itself() -> None:
    raw = a_row(invoiceid=5, items=[{"id": 1, "amount": "1.00"}, {"id": 2, "amount": "abc"}])
    with pytest.raises(UnreadableReplyError, match=r"items\.1\.amount"):
        parse(WireInvoice, raw, "invoice 5")


def test_a_service_password_is_dropped_at_once() -> None:
    raw = {"id": "1", "clientid": 2, "name": "Web S", "password": "hunter2"}
    assert "hunter2" not in repr(parse(WireService, raw, "service 1"))


def test_an_error_never_shows_what_was_sent() -> None:
    raw = {"id": "1", "name": "Web S", "password": "hunter2"}
    with pytest.raises(UnreadableReplyError) as caught:
        parse(WireService, raw, "service 1")
    error: BaseException | None = caught.value
    while error is not None:
        assert "hunter2" not in repr(error) + str(error)
        error = error.__cause__ or error.__context__


def test_names_are_decoded_and_stand_on_one_line() -> None:
    raw = {
        "client_id": 7,
        "companyname": "Harbour &amp; Sons Ltd",
        "lastname": "O&#039;Neil",
        "currency_code": "GBP",
        "taxexempt": "",
    }
    client = parse(WireClient, raw, "client 7")
    assert (client.companyname, client.lastname) == ("Harbour & Sons Ltd", "O'Neil")


def test_fees_may_be_negative_and_empty() -> None:
    raw = {"id": 1, "date": "2026-02-03", "amountin": "1.00", "amountout": "0.00"}
    assert parse(WireTransaction, raw | {"fees": "-0.10"}, "transaction 1").fees == Decimal("-0.10")
    assert parse(WireTransaction, raw | {"fees": ""}, "transaction 1").fees == 0


# Replies ---------------------------------------------------------------------------------------


def test_an_old_refusal_in_pairs_is_understood() -> None:
    assert parsed("result=error;message=Invalid IP 203.0.113.9;") == {
        "result": "error",
        "message": "Invalid IP 203.0.113.9",
    }


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>maintenance</html>",
        "[]",
        "null",
        '{"status": "success"}',
        '{"result": 1}',
        '{"result": "success", "total": NaN}',
        '{"result": "success"',
        "[" * 100_000,
        json.dumps("result=error"),
    ],
)
def test_what_is_no_reply_is_no_data(body: str) -> None:
    assert parsed(body) is None


def test_retry_after_is_read_in_seconds_and_as_a_date() -> None:
    assert retry_after_s("7") == 7
    assert retry_after_s("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert retry_after_s(None) is None
    assert retry_after_s("soon") is None
