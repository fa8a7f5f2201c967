"""The switches: each oddity of WHMCS's replies, on request."""

import json
from typing import Any

import pytest
from whmcs_source.sandbox.seed import CASES
from whmcs_source.sandbox.switches import SWITCHES

UNPAID = CASES["proforma_unpaid"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [('""', ""), ("", ""), ("[]", []), ("{}", {}), ("null", None), ("inner", {"transaction": []})],
)
def test_an_empty_list_has_many_shapes(caller: Any, kind: str, expected: object) -> None:
    caller.whmcs.switch(empty_list=kind)
    assert caller("GetInvoice", invoiceid=UNPAID)["transactions"] == expected
    beyond = caller("GetInvoices", limitstart=5000)
    assert beyond["numreturned"] == 0
    assert beyond["invoices"] == ({"invoice": []} if kind == "inner" else expected)


def test_an_empty_list_can_be_missing(caller: Any) -> None:
    caller.whmcs.switch(empty_list="missing")
    assert "transactions" not in caller("GetInvoice", invoiceid=UNPAID)


def test_ids_are_numbers_or_texts(caller: Any) -> None:
    def kinds() -> set[type]:
        reply = caller("GetInvoice", invoiceid=CASES["overpaid"])
        [row] = reply["transactions"]["transaction"]
        [credit, *_] = caller("GetCredits", clientid=42)["credits"]["credit"]
        listed = caller("GetInvoices", limitnum=1)
        values = (reply["invoiceid"], row["id"], credit["id"], listed["totalresults"])
        return {type(value) for value in values}

    assert kinds() == {int, str}
    caller.whmcs.switch(ids="int")
    assert kinds() == {int}
    caller.whmcs.switch(ids="string")
    assert kinds() == {str}


def test_a_list_of_one_can_be_its_element(caller: Any) -> None:
    caller.whmcs.switch(single_as_object="on")
    items = caller("GetInvoice", invoiceid=CASES["overpaid"])["items"]["item"]
    assert items["type"] == "Hosting"
    assert isinstance(caller("GetInvoice", invoiceid=CASES["merged"])["items"]["item"], list)


def test_a_list_can_be_an_object_with_numbers_for_keys(caller: Any) -> None:
    caller.whmcs.switch(single_as_object="numeric")
    items = caller("GetInvoice", invoiceid=CASES["merged"])["items"]["item"]
    assert list(items) == ["0", "1"]


@pytest.mark.parametrize(
    ("kind", "expected"), [("zero", "0000-00-00 00:00:00"), ("null", None), ("empty", "")]
)
def test_a_date_that_is_unset_has_three_shapes(caller: Any, kind: str, expected: object) -> None:
    caller.whmcs.switch(zero_dates=kind)
    assert caller("GetInvoice", invoiceid=UNPAID)["datepaid"] == expected


def test_no_fees_and_no_credit_can_be_an_empty_text(caller: Any) -> None:
    caller.whmcs.switch(empty_money="on")
    reply = caller("GetInvoice", invoiceid=CASES["part_refund"])
    assert reply["credit"] == ""
    assert reply["transactions"]["transaction"][0]["fees"] == ""
    assert reply["tax2"] == "0.00"


def test_some_replies_can_have_flattened_keys(caller: Any) -> None:
    caller.whmcs.switch(flat_keys="on")
    assert caller("GetCurrencies")["currencies[currency][1][code]"] == "EUR"
    assert "invoices" in caller("GetInvoices")


def test_a_name_can_hold_a_byte_of_another_encoding(caller: Any) -> None:
    caller.whmcs.switch(latin1_name="on")
    fields = {"action": "GetClientsDetails", "clientid": 25, "responsetype": "json"}
    body = caller.post(**fields, **caller.credentials).content
    with pytest.raises(UnicodeDecodeError):
        body.decode()
    assert json.loads(body.decode("latin-1"))["client"]["lastname"] == "Müller"


def test_a_warning_can_stand_before_the_json(caller: Any) -> None:
    caller.whmcs.switch(php_warning="on")
    text = caller.post(action="WhmcsDetails", responsetype="json", **caller.credentials).text
    assert text.startswith("<br />\n<b>Warning</b>")
    assert json.loads(text[text.index("{") :])["result"] == "success"


def test_text_is_as_the_tables_hold_it(caller: Any) -> None:
    """HTML-escaped; slashes escaped as PHP does; nothing outside ASCII in the bytes."""
    fields = {"action": "GetClientsDetails", "clientid": 10, "responsetype": "json"}
    body = caller.post(**fields, **caller.credentials).content
    assert body.isascii()
    assert rb"01\/10\/2026" in body
    assert json.loads(body)["client"]["companyname"] == "Foxglove Café 🦊"


def test_the_client_can_be_repeated_at_top_level(caller: Any) -> None:
    assert "email" not in caller("GetClientsDetails", clientid=1)
    caller.whmcs.switch(top_level_client="on")
    reply = caller("GetClientsDetails", clientid=1)
    assert reply["email"] == reply["client"]["email"]


def test_something_can_happen_between_list_and_detail_once(caller: Any) -> None:
    what = json.dumps({"what": "delete_invoice", "invoice": UNPAID})
    caller.whmcs.switch(after_list=what)
    listed = caller("GetInvoices", userid=9, limitnum=500)["invoices"]["invoice"]
    assert UNPAID in {row["id"] for row in listed}
    assert caller("GetInvoice", invoiceid=UNPAID)["message"] == "Invoice ID Not Found"
    assert caller("GetInvoices", limitnum=1)["totalresults"] == 305


def test_filters_can_be_ignored(caller: Any) -> None:
    caller.whmcs.switch(stray_rows="on")
    assert caller("GetInvoices", status="Draft")["totalresults"] == 306


def test_the_list_has_an_order_of_its_own_when_none_is_asked_for(caller: Any) -> None:
    caller.whmcs.switch(list_order="desc")
    assert caller("GetInvoices", limitnum=1)["invoices"]["invoice"][0]["id"] == max(CASES.values())


def test_settings_follow_their_switches(caller: Any) -> None:
    caller.whmcs.switch(tax_type="Inclusive", proforma="off", version="9.0.1")
    assert caller("GetConfigurationValue", setting="TaxType")["value"] == "Inclusive"
    assert caller("GetConfigurationValue", setting="EnableProformaInvoicing")["value"] == ""
    assert caller("GetConfigurationValue", setting="Version")["value"] == "9.0.1-release.1"
    assert caller("WhmcsDetails")["whmcs"]["version"] == "9.0.1"


@pytest.mark.parametrize(("shown", "fields"), [("plain", 0), ("typed", 1), ("hidden", None)])
def test_rows_of_credit_notes_are_shown_in_three_ways(
    caller: Any, shown: str, fields: int | None
) -> None:
    caller.whmcs.switch(version="9.0.1", adjustment_rows=shown)
    caller.whmcs.do("add_credit", client=9, amount="10.00")
    caller.whmcs.do("apply_credit", invoice=UNPAID)
    rows = caller("GetInvoice", invoiceid=UNPAID)["transactions"]
    if fields is None:
        assert rows == ""
    else:
        [row] = rows["transaction"]
        assert ("billingnoteid" in row) == bool(fields)
        assert row["amountin"] == "10.00"


def test_the_clock_is_fixed_unless_it_is_set_free(caller: Any) -> None:
    assert caller("GetAutomationLog")["currentDatetime"] == "2026-11-02 09:00:00"
    caller.whmcs.switch(now="real")
    assert caller("GetAutomationLog")["currentDatetime"] != "2026-11-02 09:00:00"


def test_an_unknown_switch_or_value_is_named_and_nothing_is_set(caller: Any) -> None:
    wrong = caller.control("PUT", "switches", {"ids": "int", "idz": "int"})
    assert wrong["error"].startswith("no switch is called idz; there are access_key,")
    wrong = caller.control("PUT", "switches", {"ids": "float"})
    assert wrong["error"] == "ids was 'float'; it may be documented, int, string"
    assert caller.control("GET", "switches")["ids"] == "documented"


def test_every_switch_says_what_it_does() -> None:
    assert all(switch.about for switch in SWITCHES.values())
    chosen = [switch for switch in SWITCHES.values() if switch.choices]
    assert all(switch.default in switch.choices for switch in chosen)
