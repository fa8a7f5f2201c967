"""What stands in the books of Northwind Hosting Ltd before anything is copied into them."""

import datetime as dt
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from kashflow_target.sandbox.call import SoapCall
from kashflow_target.sandbox.customers import insert_customer, store
from kashflow_target.sandbox.issuing import insert_invoice
from kashflow_target.sandbox.payments import insert_invoice_payment
from kashflow_target.sandbox.switches import Switches

_CURRENCIES = ((1, "GBP", "1.0000", 1), (2, "EUR", "1.1700", 0), (3, "USD", "1.2700", 0))
_VAT_RATES = ((1, "20%", "20.0000"), (2, "5%", "5.0000"), (3, "0%", "0.0000"))
_METHODS = (
    (83101, "BACS"),
    (83102, "Cash"),
    (83103, "Credit Card"),
    (83104, "PayPal"),
    (83105, "Direct Debit"),
    (83106, "Client balance"),
)
_ACCOUNTS = (
    (310450, "Current Account", 1200),
    (310451, "Card Clearing", 1210),
    (310452, "PayPal", 1220),
    (310453, "PayPal EUR", 1221),
    (310454, "Direct Debit Clearing", 1230),
    (310455, "Client Balances", 2210),
)
_BALANCE = ("Balance Sheet", "Current Liabilities", 0, 0)
_BANK = ("Bank", "Bank Account", 0, 0)
_SALES = ("Turnover", "Sales Type", 1, 0)
_EXPENSE = ("Expense", "Overheads", 0, 0)
_NOMINALS = (
    (18685801, 1100, "Debtors Control", "Balance Sheet", "Current Assets", 0, 0),
    (18685802, 1200, "Current Account", *_BANK),
    (18685803, 1210, "Card Clearing", *_BANK),
    (18685804, 1220, "PayPal", *_BANK),
    (18685805, 1221, "PayPal EUR", *_BANK),
    (18685806, 1230, "Direct Debit Clearing", *_BANK),
    (18685807, 2100, "Creditors Control", *_BALANCE),
    (18685808, 2200, "Output VAT", *_BALANCE),
    (18685809, 2201, "Input VAT", *_BALANCE),
    (18685810, 2210, "Client Balances", *_BALANCE),
    (18685811, 4000, "Web Hosting", *_SALES),
    (18685812, 4010, "Domain Names", *_SALES),
    (18685813, 4020, "Resale", *_SALES),
    (18685814, 4030, "Servers", *_SALES),
    (18685815, 4090, "Dial-up Access", "Turnover", "Sales Type", 1, 1),
    (18685816, 4900, "Late Fees", *_SALES),
    (18685817, 7600, "Goodwill", *_EXPENSE),
    (18685818, 7901, "Card Fees", *_EXPENSE),
    (18685819, 7906, "Exchange Differences", *_EXPENSE),
    (18685820, 2220, "OSS VAT", *_BALANCE),
)
_UK = {"CountryName": "United Kingdom", "CountryCode": "GB", "CurrencyID": "1"}
# HAR01 is a client that the billing system bills too: same name, same address. Nobody can say
# which of the two at Bright Pixel's address is its client there. The others buy elsewhere.
_CUSTOMERS: tuple[Mapping[str, str], ...] = (
    {"Code": "HAR01", "Name": "Harbour & Sons Ltd", "Email": "accounts@harbour-sons.example",
     "Contact": "Ruth Harbour", "Address1": "2 Quayside", "Address2": "Whitby",
     "Postcode": "YO21 1AA", "PaymentTerms": "30", "Notes": "Rings before paying"},
    {"Code": "BRI01", "Name": "Bright Pixel Studio", "Email": "hello@brightpixel.example",
     "Address1": "Unit 4, The Maltings", "Address2": "Leeds", "Postcode": "LS1 2CD"},
    {"Code": "BRI02", "Name": "Bright Pixel Print Ltd", "Email": "hello@brightpixel.example",
     "Address1": "Unit 5, The Maltings", "Address2": "Leeds", "Postcode": "LS1 2CD"},
    {"Code": "COR01", "Name": "Corner Bakery", "Email": "till@cornerbakery.example",
     "Address1": "71 Mill Lane", "Address2": "York", "Postcode": "YO10 3EF"},
    {"Code": "MIL01", "Name": "Millstone Garage", "Email": "office@millstone.example",
     "Address1": "Moor Road", "Address2": "Helmsley", "Postcode": "YO62 5GH"},
)  # fmt: skip
_MADE = "2025-08-20T09:30:00"
_FIRST_NUMBER = 1001
_SERVERS = 18685814


@dataclass(frozen=True, slots=True)
class _Sale:
    """A sale that has nothing to do with the billing system. `paid_on` empty: not paid."""

    customer: str
    date: str
    reference: str | None
    description: str
    net: str
    vat: str
    paid_on: str = ""


_OTHER_SALES = (
    _Sale("COR01", "2025-09-10", "PO 4471", "Repair of a till", "180", "36", "2025-09-24"),
    _Sale("MIL01", "2025-10-02", None, "On-site network visit", "240", "48"),
    _Sale("COR01", "2026-01-15", "PO 4502", "Cabling, half a day", "95.50", "19.10", "2026-01-30"),
)


def seed(connection: sqlite3.Connection) -> None:
    """Fill empty tables. The same every time: ids, codes, numbers, dates."""
    _set_up(connection)
    call = SoapCall(connection, Switches(()))
    ids = {fields["Code"]: _customer(call, fields) for fields in _CUSTOMERS}
    for number, sale in enumerate(_OTHER_SALES, _FIRST_NUMBER):
        _sale(call, number, ids[sale.customer], sale)


def _set_up(connection: sqlite3.Connection) -> None:
    for table, rows in (
        ("currency", _CURRENCIES),
        ("vat_rate", _VAT_RATES),
        ("method", _METHODS),
        ("account", _ACCOUNTS),
        ("nominal", _NOMINALS),
    ):
        places = ", ".join("?" * len(rows[0]))
        connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608 - constants


def _customer(call: SoapCall, fields: Mapping[str, str]) -> int:
    customer = int(insert_customer(call, {"custr": {**_UK, **fields}}))
    (body,) = call.one("SELECT body FROM customer WHERE id = ?", customer)
    store(call, json.loads(body) | {"Created": _MADE, "Updated": _MADE})
    return customer


def _sale(call: SoapCall, number: int, customer: int, sale: _Sale) -> None:
    invoice = {
        "InvoiceNumber": number,
        "CustomerID": customer,
        "InvoiceDate": dt.datetime.fromisoformat(sale.date),
        "CustomerReference": sale.reference,
        "Lines": [
            {
                "Quantity": Decimal(1),
                "Description": sale.description,
                "Rate": Decimal(sale.net),
                "ChargeType": _SERVERS,
                "VatRate": Decimal(20),
                "VatAmount": Decimal(sale.vat),
                "Sort": 1,
            }
        ],
    }
    insert_invoice(call, {"Inv": invoice})
    if sale.paid_on:
        payment = {
            "PayInvoice": number,
            "PayDate": dt.datetime.fromisoformat(sale.paid_on),
            "PayAmount": Decimal(sale.net) + Decimal(sale.vat),
        }
        insert_invoice_payment(call, {"InvoicePayment": payment})
