"""Set-up data of the account, and transactions on its bank accounts."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from kashflow_target.sandbox.call import RefusalError, SoapCall, day_of, today
from kashflow_target.sandbox.interface import decimal_text, item, rendered

COMPANY = "Northwind Hosting Ltd"
DEBTORS_CONTROL = 1100


def get_currencies(call: SoapCall, _arguments: Mapping[str, Any]) -> str | None:
    """Currencies that were set up; the rate is units of it for one unit of home currency."""
    rows = call.db.execute("SELECT id, code, rate, home FROM currency ORDER BY id")
    names = ("CurrencyId", "CurrencyCode", "ExchangeRate", "isDefault")
    return call.listed(item("Currencies", dict(zip(names, row, strict=True))) for row in rows)


def get_inv_pay_methods(call: SoapCall, _arguments: Mapping[str, Any]) -> str | None:
    """Payment methods."""
    rows = call.db.execute("SELECT id, name FROM method ORDER BY id")
    return call.listed(
        item("PaymentMethod", {"MethodID": key, "MethodName": name}) for key, name in rows
    )


def get_bank_accounts(call: SoapCall, _arguments: Mapping[str, Any]) -> str | None:
    """Bank accounts; AccountCode is the nominal's number, AccountID what payments name."""
    rows = call.db.execute("SELECT id, name, code FROM account ORDER BY id")
    names = ("AccountID", "AccountName", "AccountCode")
    return call.listed(item("BankAccount", dict(zip(names, row, strict=True))) for row in rows)


def get_vat_rates(call: SoapCall, _arguments: Mapping[str, Any]) -> str | None:
    """VAT rates: Value is the percentage, the texts are for people. N/A (-1) is not listed."""
    rows = call.db.execute("SELECT id, name, name, value FROM vat_rate ORDER BY id")
    names = ("ID", "Name", "Description", "Value")
    return call.listed(item("BasicDataset", dict(zip(names, row, strict=True))) for row in rows)


def get_products(call: SoapCall, _arguments: Mapping[str, Any]) -> str | None:
    """Sales types: ProductID is the nominal's id."""
    rows = call.db.execute(
        "SELECT id, name, code FROM nominal WHERE sales AND NOT archived ORDER BY code"
    )
    names = ("ProductID", "ProductName", "ProductCode")
    return call.listed(item("Product", dict(zip(names, row, strict=True))) for row in rows)


def get_nominal_codes_extended(call: SoapCall, _arguments: Mapping[str, Any]) -> str | None:
    """The chart of accounts, archived nominals included."""
    return call.listed(_nominals(call))


def _nominals(call: SoapCall) -> Iterator[str]:
    rows = call.db.execute(
        "SELECT id, code, name, type, classification, archived FROM nominal ORDER BY code"
    )
    for key, code, name, kind, classification, archived in rows:
        yield item(
            "NominalCodeExtended",
            {
                "id": key,
                "Code": code,
                "Name": name,
                "TypeID": _TYPE_IDS.get(kind, 0),
                "TypeName": kind,
                "ClassificationID": _TYPE_IDS.get(classification, 0),
                "ClassificationName": classification,
                "Archived": bool(archived),
            },
        )


_TYPE_IDS = {"Turnover": 1, "Expense": 2, "Bank": 3, "Balance Sheet": 4, "Sales Type": 1}


def is_user_vat_registered(call: SoapCall, _arguments: Mapping[str, Any]) -> str:
    """Whether the company is registered for VAT."""
    return "true" if call.switches.on("vat_registered") else "false"


def get_company_details(call: SoapCall, _arguments: Mapping[str, Any]) -> str:
    """The company."""
    registered = call.switches.on("vat_registered")
    key, code = call.one("SELECT id, code FROM currency WHERE home")
    return rendered(
        "CompanyDetails",
        {
            "CompanyName": COMPANY,
            "Address1": "3 Signal Box Yard",
            "Address2": "York",
            "Postcode": "YO1 7AB",
            "PrimaryEmail": "accounts@northwind.example",
            "VatRegistered": "Yes" if registered else "No",
            "VatRegistrationNumber": "GB999999973" if registered else None,
            "PaymentTerms": 14,
            "CurrencySymbol": "£",
            "CurrencyPosition": "Left",
            "UsDate": "No",
            "CurrencyId": key,
            "CurrencyName": code,
            "PaymentTermsType": "invoice date",
        },
    )


def get_bank_tx_types(call: SoapCall, _arguments: Mapping[str, Any]) -> str | None:
    """What a bank transaction can be for: the nominals, by id."""
    rows = call.db.execute("SELECT id, name, code FROM nominal WHERE NOT archived ORDER BY code")
    names = ("TypeID", "TypeName", "TypeCode")
    return call.listed(item("BankTXType", dict(zip(names, row, strict=True))) for row in rows)


def insert_bank_transaction(call: SoapCall, arguments: Mapping[str, Any]) -> str:
    """The new transaction's id. Payments on invoices are no bank transactions."""
    sent = arguments["bp"]
    # The manual says that accid is a nominal code, a live answer shows ids: a switch.
    by = "code" if call.switches.text("bank_account_by") == "code" else "id"
    account = call.one(f"SELECT id FROM account WHERE {by} = ?", sent.get("accid", 0))  # noqa: S608 - constant text
    if account is None:
        msg = "The bank account specified does not exist"
        raise RefusalError(msg)
    _check_transaction(call, sent)
    date = day_of(sent, "TransactionDate", today())
    call.refuse_if_locked(date)
    amounts = [decimal_text(sent.get(name, Decimal(0))) for name in ("moneyin", "moneyout")]
    taxes = [decimal_text(sent.get(name, Decimal(0))) for name in ("VatRate", "VatAmount")]
    cursor = call.db.execute(
        "INSERT INTO bank_transaction (account, date, money_in, money_out, vatable, vat_rate, "
        "vat_amount, type, comment, project, customer, supplier) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (account[0], date, *amounts, sent.get("Vatable", 0), *taxes, sent.get("TransactionType", 0),
         call.cut(sent.get("Comment")), sent.get("ProjectID", 0), sent.get("CustomerId", 0),
         sent.get("SupplierId", 0)),
    )  # fmt: skip
    return str(cursor.lastrowid)


def _check_transaction(call: SoapCall, sent: Mapping[str, Any]) -> None:
    kind = call.one(
        "SELECT code FROM nominal WHERE id = ? AND NOT archived", sent.get("TransactionType", 0)
    )
    if kind is None:
        msg = "The transaction type specified does not exist"
        raise RefusalError(msg)
    money_in, money_out = sent.get("moneyin", Decimal(0)), sent.get("moneyout", Decimal(0))
    if money_in < 0 or money_out < 0 or bool(money_in) == bool(money_out):
        msg = "A transaction must be either money in or money out"
        raise RefusalError(msg)
    customer = sent.get("CustomerId", 0)
    if customer and kind[0] != DEBTORS_CONTROL:
        msg = "A customer can only be given on the debtors control account"
        raise RefusalError(msg)
    if customer and not call.one("SELECT 1 FROM customer WHERE id = ?", customer):
        msg = "There is no customer with that ID"
        raise RefusalError(msg)


def get_bank_transactions(call: SoapCall, arguments: Mapping[str, Any]) -> str | None:
    """Stand-alone transactions of one account."""
    rows = call.db.execute(
        "SELECT t.id, account.id, account.code, t.date || 'T00:00:00', t.money_in, t.money_out, "
        "t.vatable, t.vat_rate, t.vat_amount, t.type, t.comment, t.project, t.customer, t.supplier "
        "FROM bank_transaction t JOIN account ON account.id = t.account "
        "WHERE account.id = ? ORDER BY t.date, t.id",
        (arguments.get("AccountID", 0),),
    )
    by_code = call.switches.text("bank_account_by") == "code"
    names = ("TransactionDate", "moneyin", "moneyout", "Vatable", "VatRate", "VatAmount",
             "TransactionType", "Comment", "ProjectID", "CustomerId", "SupplierId")  # fmt: skip
    return call.listed(
        item(
            "BankTransaction",
            {"ID": key, "accid": code if by_code else account}
            | dict(zip(names, rest, strict=True)),
        )
        for key, account, code, *rest in rows
    )
