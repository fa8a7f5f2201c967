"""The actions over HTTP, as the API reference documents them."""

from decimal import Decimal
from typing import Any

import pytest
from whmcs_source.sandbox.factory import sandbox
from whmcs_source.sandbox.seed import CASES

from bridge.plugin import SandboxFactory

from_factory: SandboxFactory = sandbox


def rows(reply: dict[str, Any], outer: str, inner: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = reply[outer][inner]
    return found


def test_a_page_tells_how_many_there_are(reader: Any) -> None:
    reply = reader("GetInvoices")
    assert reply["result"] == "success"
    assert (reply["totalresults"], reply["startnumber"], reply["numreturned"]) == (306, 0, 25)
    assert len(rows(reply, "invoices", "invoice")) == 25


def test_pages_by_id_hold_every_invoice_once(reader: Any) -> None:
    seen: list[int] = []
    while True:
        reply = reader("GetInvoices", limitstart=len(seen), limitnum=100, orderby="id", order="asc")
        if not reply["numreturned"]:
            break
        seen += [row["id"] for row in rows(reply, "invoices", "invoice")]
    assert len(seen) == reply["totalresults"] == 306
    assert seen == sorted(set(seen))


def test_list_and_detail_name_things_differently(reader: Any) -> None:
    [row] = rows(reader("GetInvoices", limitnum=1), "invoices", "invoice")
    detail = reader("GetInvoice", invoiceid=row["id"])
    assert {"id", "last_capture_attempt", "currencycode", "updated_at", "date_refunded"} <= set(row)
    assert not {"items", "transactions", "balance", "country", "tax_id"} & set(row)
    assert {"invoiceid", "lastcaptureattempt", "balance", "items", "transactions"} <= set(detail)
    assert not {"currencycode", "updated_at", "date_refunded", "date_cancelled"} & set(detail)
    assert detail["total"] == row["total"]
    assert detail["status"] == row["status"] == "Paid"


def test_filters_narrow_and_overdue_is_unpaid_and_late(reader: Any) -> None:
    unpaid = rows(reader("GetInvoices", status="Unpaid", limitnum=500), "invoices", "invoice")
    assert {row["status"] for row in unpaid} == {"Unpaid"}
    overdue = rows(reader("GetInvoices", status="Overdue", limitnum=500), "invoices", "invoice")
    late = {row["id"] for row in unpaid if row["duedate"] < "2026-11-02"}
    assert {row["id"] for row in overdue} == late
    assert CASES["late_fee"] in late
    assert CASES["unpaid_3"] not in late
    own = rows(reader("GetInvoices", userid=7, limitnum=500), "invoices", "invoice")
    assert {row["userid"] for row in own} == {7}


@pytest.mark.parametrize(
    ("order", "key"),
    [("date", "date"), ("total", "total"), ("invoicenumber", "invoicenum"), ("status", "status")],
)
def test_the_list_can_be_sorted(reader: Any, order: str, key: str) -> None:
    reply = reader("GetInvoices", orderby=order, order="desc", limitnum=500)
    values = [row[key] for row in rows(reply, "invoices", "invoice")]
    assert values == sorted(values, key=Decimal if key == "total" else str, reverse=True)


def test_an_invoice_comes_with_lines_and_money(reader: Any) -> None:
    reply = reader("GetInvoice", invoiceid=CASES["part_payments"])
    [line] = rows(reply, "items", "item")
    assert (line["type"], line["amount"], line["taxed"]) == ("Hosting", "100.84", 1)
    first, second = rows(reply, "transactions", "transaction")
    assert (first["amountin"], first["gateway"]) == ("50.00", "banktransfer")
    assert (second["amountin"], second["fees"]) == ("71.01", "1.47")
    assert first["invoiceid"] == str(CASES["part_payments"])
    assert first["currency"] == "0"


def test_no_money_is_an_empty_text(reader: Any) -> None:
    assert reader("GetInvoice", invoiceid=CASES["proforma_unpaid"])["transactions"] == ""


@pytest.mark.parametrize("name", ["merged_away", "deleted", "left_client"])
def test_an_invoice_that_is_gone_is_not_found(reader: Any, name: str) -> None:
    reply = reader("GetInvoice", invoiceid=CASES[name])
    assert reply == {"result": "error", "message": "Invoice ID Not Found"}


def test_transactions_can_be_asked_by_client_invoice_and_gateway_id(reader: Any) -> None:
    everything = rows(reader("GetTransactions"), "transactions", "transaction")
    assert [int(row["id"]) for row in everything] == sorted(int(row["id"]) for row in everything)
    own = rows(reader("GetTransactions", clientid=42), "transactions", "transaction")
    assert {row["userid"] for row in own} == {"42"}
    assert any(row["invoiceid"] == "0" and row["refundid"] != "0" for row in own)
    double = CASES["duplicate_transaction"]
    twice = rows(reader("GetTransactions", invoiceid=double), "transactions", "transaction")
    same = reader("GetTransactions", transid=twice[0]["transid"])
    assert len(rows(same, "transactions", "transaction")) == 2


def test_a_client_comes_in_full(reader: Any) -> None:
    client = reader("GetClientsDetails", clientid=28)["client"]
    assert client["country"] == client["countrycode"] == "GR"
    assert client["tax_id"] == "EL090001110"
    assert (client["currency"], client["currency_code"]) == (2, "EUR")
    assert client["taxexempt"] is False
    assert client["users"]["user"][0]["is_owner"] is True
    assert reader("GetClientsDetails", email="owen@kestrel.example")["client"]["id"] == 11


def test_statistics_are_for_people(reader: Any) -> None:
    stats = reader("GetClientsDetails", clientid=41, stats="true")["stats"]
    assert stats["creditbalance"] == "£169.51 GBP"
    assert stats["numpaidinvoices"] == 21


def test_clients_are_listed_and_searched(reader: Any) -> None:
    reply = reader("GetClients", limitnum=100, sorting="DESC", orderby="id")
    found = rows(reply, "clients", "client")
    assert [row["id"] for row in found] == [44, *range(42, 0, -1)]
    assert not {"country", "tax_id", "currency"} & set(found[0])
    [one] = rows(reader("GetClients", search="harbour"), "clients", "client")
    assert one["companyname"] == "Harbour &amp; Sons Ltd"


@pytest.mark.parametrize(
    ("action", "fields", "message"),
    [
        ("GetClientsDetails", {}, "Either clientid Or email Is Required"),
        ("GetClientsDetails", {"clientid": 43}, "Client Not Found"),
        ("GetCredits", {"clientid": 43}, "Client ID Not Found"),
        ("GetConfigurationValue", {}, "Parameter setting is required"),
        ("GetConfigurationValue", {"setting": "No"}, "Invalid name for parameter setting"),
        ("CreateInvoice", {"userid": 43}, "Client ID Not Found"),
        ("UpdateInvoice", {"invoiceid": 1}, "Invoice ID Not Found"),
        ("UpdateInvoice", {"invoiceid": CASES["late_fee"], "status": "Odd"}, "Invalid status Odd"),
        ("UpdateInvoice", {"invoiceid": CASES["late_fee"], "publish": "true"},
         "Invoice must be in Draft status to be published"),
        ("AddInvoicePayment", {"invoiceid": CASES["cancelled"], "gateway": "stripe"},
         "It is not possible to add a payment to an invoice that is Cancelled"),
        ("AddTransaction", {"paymentmethod": "stripe", "amountin": "1.00"},
         "A Currency ID is required for non-customer related transactions"),
        ("AddTransaction", {"userid": 1, "invoiceid": CASES["late_fee"], "paymentmethod": "x"},
         "User ID does not own the given Invoice ID"),
        ("AddTransaction", {"userid": 42, "paymentmethod": "x", "transid": "CH_42OVERPAID"},
         "Transaction ID must be Unique"),
        ("ApplyCredit", {"invoiceid": CASES["overpaid"], "amount": "1.00"},
         "Invoice Not in Unpaid Status"),
        ("ApplyCredit", {"invoiceid": CASES["late_fee"], "amount": "1.00"},
         "Amount exceeds customer credit balance"),
    ],
)  # fmt: skip
def test_a_business_error_is_told_in_band(
    reader: Any, action: str, fields: dict[str, Any], message: str
) -> None:
    reply = reader.post(action=action, responsetype="json", **reader.credentials, **fields)
    assert reply.status_code == 200
    assert reply.json() == {"result": "error", "message": message}


def test_small_look_ups_answer(reader: Any) -> None:
    assert reader("WhmcsDetails")["whmcs"]["version"] == "8.13.1"
    currencies = {
        row["code"]: row["rate"] for row in rows(reader("GetCurrencies"), "currencies", "currency")
    }
    assert currencies == {
        "GBP": "1.00000", "EUR": "1.17000", "USD": "1.27000", "JPY": "190.00000",
    }  # fmt: skip
    gateways = {
        row["module"]: row["displayname"]
        for row in rows(reader("GetPaymentMethods"), "paymentmethods", "paymentmethod")
    }
    assert gateways == {
        "stripe": "Credit/Debit Card", "paypal": "PayPal", "gocardless": "Direct Debit",
        "banktransfer": "Bank Transfer",
    }  # fmt: skip
    assert reader("GetConfigurationValue", setting="TaxType")["value"] == "Exclusive"
    assert reader("GetConfigurationValue", setting="EnableProformaInvoicing")["value"] == "on"
    assert reader("GetAutomationLog")["currentDatetime"] == "2026-11-02 09:00:00"


def test_services_lead_from_a_line_to_a_product_and_its_group(reader: Any) -> None:
    [line] = rows(reader("GetInvoice", invoiceid=CASES["same_day_1"]), "items", "item")
    [service] = rows(reader("GetClientsProducts", serviceid=line["relid"]), "products", "product")
    assert (service["name"], service["groupname"]) == ("Reseller Gold", "Reseller Hosting")
    [product] = rows(reader("GetProducts", pid=service["pid"]), "products", "product")
    assert product["name"] == "Reseller Gold"
    assert product["pricing"]["GBP"]["monthly"] == "49.00"
    domains = rows(reader("GetClientsDomains", clientid=20), "domains", "domain")
    assert [row["domainname"] for row in domains] == ["quayside.example"]
    addons = rows(reader("GetClientsAddons", clientid=20), "addons", "addon")
    assert [row["name"] for row in addons] == ["Daily Backups"]


def test_statistics_sum_the_money_by_day(reader: Any) -> None:
    timeline = reader("GetStats", timeline_days=30)["timeline_data"]
    assert Decimal(timeline["income"]["2026-10-20"]) >= Decimal("53.96")
    assert len(timeline["income"]) == 30


def test_credit_changes_are_listed_with_their_sign(reader: Any) -> None:
    reply = reader("GetCredits", clientid=41)
    amounts = [row["amount"] for row in rows(reply, "credits", "credit")]
    assert amounts[:4] == ["240.00", "-60.00", "-60.00", "-50.00"]
    assert reply["totalresults"] == str(len(amounts)) == "8"


def test_an_invoice_is_made_changed_paid_and_settled_over_the_api(caller: Any) -> None:
    made = caller("CreateInvoice", userid=4, status="Unpaid", date="2026-11-01",
                  itemdescription1="Consulting", itemamount1="100.00", itemtaxed1="1",
                  itemdescription2="Postage", itemamount2="5.00")  # fmt: skip
    number = made["invoiceid"]
    lines = rows(caller("GetInvoice", invoiceid=number), "items", "item")
    assert [(line["amount"], line["taxed"]) for line in lines] == [("100.00", 1), ("5.00", 0)]
    changed = {f"itemamount[{lines[1]['id']}]": "6.00", "newitemdescription[0]": "Extra",
               "newitemamount[0]": "1.00", "newitemtaxed[0]": "true"}  # fmt: skip
    assert caller("UpdateInvoice", invoiceid=number, **changed)["result"] == "success"
    assert caller("GetInvoice", invoiceid=number)["total"] == "127.20"
    assert caller("AddCredit", clientid=4, description="x", amount="7.20")["newbalance"] == "7.20"
    used = caller("ApplyCredit", invoiceid=number, amount="7.20")
    assert (used["amount"], used["invoicepaid"]) == ("7.20", "false")
    caller("AddInvoicePayment", invoiceid=number, transid="FP_9", gateway="banktransfer",
           date="2026-11-03 12:00:00")  # fmt: skip
    paid = caller("GetInvoice", invoiceid=number)
    assert (paid["status"], paid["datepaid"]) == ("Paid", "2026-11-03 12:00:00")
    assert (paid["total"], paid["credit"], paid["balance"]) == ("120.00", "7.20", "0.00")


def test_a_transaction_is_written_and_changed_over_the_api(caller: Any) -> None:
    made = caller("AddTransaction", paymentmethod="paypal", userid=4, transid="P9",
                  date="03/11/2026", amountin="12.00", credit="1")  # fmt: skip
    number = made["transactionid"]
    caller("UpdateTransaction", transactionid=number, amountin="13.00")
    [row] = rows(caller("GetTransactions", transid="P9"), "transactions", "transaction")
    assert (row["date"], row["amountin"]) == ("2026-11-03 10:00:00", "13.00")
    assert caller("GetClientsDetails", clientid=4)["client"]["credit"] == "12.00"


def test_a_refused_action_leaves_nothing_behind(caller: Any) -> None:
    """The second line fails when the invoice and its first are written already."""
    before = caller("GetInvoices", limitnum=1)["totalresults"]
    reply = caller("CreateInvoice", userid=4, itemamount1="1.00", itemamount2="much")
    assert reply == {"result": "error", "message": "Sandbox: 'much' is no amount"}
    assert caller("GetInvoices", limitnum=1)["totalresults"] == before


def test_credit_is_applied_to_a_new_invoice_if_asked_and_if_there_is_any(caller: Any) -> None:
    fields = {"itemamount1": "50.00", "itemtaxed1": "1", "autoapplycredit": "1"}
    assert caller("CreateInvoice", userid=41, **fields)["status"] == "Paid"
    assert caller("CreateInvoice", userid=4, **fields)["status"] == "Unpaid"
    assert caller("GetCredits", clientid=4)["credits"] == ""
