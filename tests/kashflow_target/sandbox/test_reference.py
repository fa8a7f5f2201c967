"""Set-up data, and transactions on bank accounts."""

from decimal import Decimal

import pytest
from kashflow_target.sandbox.driver import Driver

from tests.kashflow_target.raw_client import BANK_TRANSACTION, RawClient, with_values
from tests.kashflow_target.sandbox_books import BookTransaction, SandboxBooks


def _column(client: RawClient, operation: str, *names: str) -> list[tuple[str, ...]]:
    return [tuple(row[name] for name in names) for row in client.call(operation).rows]


def test_currencies_with_the_home_one_marked(client: RawClient) -> None:
    assert _column(client, "GetCurrencies", "CurrencyCode", "ExchangeRate", "isDefault") == [
        ("GBP", "1.0000", "1"),
        ("EUR", "1.1700", "0"),
        ("USD", "1.2700", "0"),
    ]


def test_methods_accounts_and_rates_of_the_company(client: RawClient) -> None:
    methods = {name for (name,) in _column(client, "GetInvPayMethods", "MethodName")}
    assert methods == {
        "Credit Card", "PayPal", "Direct Debit", "BACS", "Cash", "Client balance"
    }  # fmt: skip
    assert set(_column(client, "GetBankAccounts", "AccountName", "AccountCode")) == {
        ("Current Account", "1200"),
        ("Card Clearing", "1210"),
        ("PayPal", "1220"),
        ("PayPal EUR", "1221"),
        ("Direct Debit Clearing", "1230"),
        ("Client Balances", "2210"),
    }
    assert _column(client, "GetVATRates", "Name", "Value") == [
        ("20%", "20.0000"),
        ("5%", "5.0000"),
        ("0%", "0.0000"),
    ]


def test_an_id_is_never_a_code(client: RawClient) -> None:
    ids = {row[0] for row in _column(client, "GetBankAccounts", "AccountID")}
    codes = {row[0] for row in _column(client, "GetNominalCodesExtended", "Code")}
    nominal_ids = {row[0] for row in _column(client, "GetNominalCodesExtended", "id")}
    assert not ids & codes
    assert not nominal_ids & (codes | ids)


def test_nominals_of_the_company(client: RawClient) -> None:
    nominals = set(_column(client, "GetNominalCodesExtended", "Name", "Code", "Archived"))
    assert nominals >= {
        ("Web Hosting", "4000", "false"),
        ("Domain Names", "4010", "false"),
        ("Resale", "4020", "false"),
        ("Servers", "4030", "false"),
        ("Dial-up Access", "4090", "true"),
        ("Late Fees", "4900", "false"),
        ("Goodwill", "7600", "false"),
        ("Card Fees", "7901", "false"),
        ("Exchange Differences", "7906", "false"),
        ("Client Balances", "2210", "false"),
        ("Output VAT", "2200", "false"),
        ("Debtors Control", "1100", "false"),
    }


def test_sales_types_are_nominals_by_another_name(client: RawClient) -> None:
    rows = client.call("GetNominalCodesExtended").rows
    nominals = {row["Name"]: row["id"] for row in rows}
    products = _column(client, "GetProducts", "ProductName", "ProductID")
    assert [name for name, _ in products] == [
        "Web Hosting", "Domain Names", "Resale", "Servers", "Late Fees"
    ]  # fmt: skip
    assert all(nominals[name] == key for name, key in products)


def test_the_company(client: RawClient, driver: Driver) -> None:
    shown = client.call("GetCompanyDetails").fields
    assert shown["CompanyName"] == "Northwind Hosting Ltd"
    assert (shown["VatRegistered"], shown["CurrencyName"]) == ("Yes", "GBP")
    assert client.call("isUserVATRegistered").value == "true"
    driver.switch(vat_registered="off")
    assert client.call("GetCompanyDetails").fields["VatRegistered"] == "No"
    assert client.call("isUserVATRegistered").value == "false"


def test_hands_can_take_set_up_data_away_and_rename_it(client: RawClient, driver: Driver) -> None:
    driver.remove("currency", "EUR")
    driver.rename("method", "PayPal", "PayPal Express")
    driver.archive_nominal("Late Fees")
    assert [code for (code,) in _column(client, "GetCurrencies", "CurrencyCode")] == ["GBP", "USD"]
    assert ("PayPal Express",) in _column(client, "GetInvPayMethods", "MethodName")
    assert ("Late Fees",) not in _column(client, "GetProducts", "ProductName")
    with pytest.raises(ValueError, match="there is no method PayPal"):
        driver.remove("method", "PayPal")


def _insert(client: RawClient, **values: str) -> tuple[str | None, str | None]:
    inside = f"<bp>{with_values(BANK_TRANSACTION, **values)}</bp>"
    answer = client.call("InsertBankTransaction", inside)
    return answer.status, answer.value


def test_a_bank_transaction_is_kept(client: RawClient, books: SandboxBooks) -> None:
    status, key = _insert(client, TransactionDate="2025-09-06T17:00:00")
    assert status == "OK"
    asked = "<AccountID>310451</AccountID>"
    (row,) = client.call("GetBankTransactions", asked).rows
    assert (row["ID"], row["accid"]) == (key, "310451")
    assert (row["moneyin"], row["moneyout"]) == ("0.0000", "1.9500")
    assert (row["VatRate"], row["Comment"]) == ("-1.0000", "WHMCS-T900/fee")
    assert row["TransactionDate"] == "2025-09-06T00:00:00"
    assert books.bank_transactions() == [
        BookTransaction(
            int(key or 0), "Card Clearing", "2025-09-06", Decimal("-1.95"), "Card Fees",
            "WHMCS-T900/fee",
        )
    ]  # fmt: skip


def test_payments_on_invoices_are_no_bank_transactions(client: RawClient, driver: Driver) -> None:
    driver.add_payment(1002, "2025-10-05", "288.00", account=310450)
    answer = client.call("GetBankTransactions", "<AccountID>310450</AccountID>")
    assert (answer.status, answer.rows) == ("OK", [])


@pytest.mark.parametrize(
    "values",
    [
        {"accid": "1210"},
        {"TransactionType": "7901"},
        {"TransactionType": "18685815"},
        {"moneyin": "1.00"},
        {"moneyout": "0"},
        {"moneyout": "-1"},
        {"CustomerId": "5400101"},
    ],
)
def test_a_bank_transaction_that_makes_no_sense_is_refused(
    client: RawClient, books: SandboxBooks, values: dict[str, str]
) -> None:
    assert _insert(client, **values) == ("NO", "0")
    assert books.bank_transactions() == []


def test_a_customer_goes_with_the_debtors_control_account(client: RawClient) -> None:
    rows = client.call("GetBankTxTypes").rows
    (debtors,) = (row["TypeID"] for row in rows if row["TypeCode"] == "1100")
    assert _insert(client, TransactionType=debtors, CustomerId="5400101")[0] == "OK"
    assert _insert(client, TransactionType=debtors, CustomerId="1")[0] == "NO"


def test_the_account_can_be_named_by_code_instead(client: RawClient, driver: Driver) -> None:
    driver.switch(bank_account_by="code")
    assert _insert(client)[0] == "NO"
    assert _insert(client, accid="1210")[0] == "OK"
    (row,) = client.call("GetBankTransactions", "<AccountID>310451</AccountID>").rows
    assert row["accid"] == "1210"


def test_a_bank_transaction_in_a_closed_period_is_refused(
    client: RawClient, driver: Driver
) -> None:
    driver.switch(locked_to="2025-09-06")
    assert _insert(client)[0] == "NO"
    assert _insert(client, TransactionDate="2025-09-07T00:00:00")[0] == "OK"
