"""What Northwind Hosting Ltd sells, how it is paid, and its settings."""

import hashlib

from whmcs_source.sandbox.seed.plan import FIRST_INVOICE, FIRST_LINE, FIRST_TRANSACTION
from whmcs_source.sandbox.state import Database, insert
from whmcs_source.sandbox.switches import ADMIN, ADMIN_PASSWORD

CURRENCIES = (
    {"code": "GBP", "prefix": "£", "suffix": " GBP", "format": 2, "rate": "1.00000", "default": 1},
    {"code": "EUR", "prefix": "€", "suffix": " EUR", "format": 2, "rate": "1.17000"},
    {"code": "USD", "prefix": "$", "suffix": " USD", "format": 2, "rate": "1.27000"},
    # Not in the accounting system; shown without decimals, as currencies without them must be.
    {"code": "JPY", "prefix": "¥", "suffix": " JPY", "format": 4, "rate": "190.00000"},
)
GBP, EUR, USD, JPY = 1, 2, 3, 4

# worldpay_old is gone: old transactions name it, GetPaymentMethods does not.
GATEWAYS = {
    "stripe": "Credit/Debit Card",
    "paypal": "PayPal",
    "gocardless": "Direct Debit",
    "banktransfer": "Bank Transfer",
}

TAXES = (
    ("VAT", "GB", "20.000"),
    ("VAT", "IM", "20.000"),
    ("TVA", "FR", "20.000"),
)

GROUPS = ("Web Hosting", "Reseller Hosting", "Servers")
PRODUCTS = (
    (1, "hostingaccount", "Starter Hosting", "4.99", "49.90"),
    (1, "hostingaccount", "Business Hosting", "14.99", "149.90"),
    (2, "reselleraccount", "Reseller Gold", "49.00", "490.00"),
    (3, "server", "Virtual Server", "29.50", "295.00"),
)
STARTER, BUSINESS, RESELLER, SERVER = 1, 2, 3, 4
ADDONS = ("Daily Backups", "Dedicated IP Address")
BACKUPS, ADDRESS = 1, 2

SETTINGS = {
    "CompanyName": "Northwind Hosting Ltd",
    "Version": "8.13.1-release.1",
    "TaxEnabled": "on",
    "TaxType": "Exclusive",
    "TaxL2Compound": "",
    "TaxVATEnabled": "on",
    "TaxEUHomeCountry": "GB",
    "TaxCustomInvoiceNumbering": "",
    "EnableProformaInvoicing": "on",
    "SequentialInvoiceNumbering": "on",
    "SequentialInvoiceNumberFormat": "INV-{YEAR}-{NUMBER}",
    "SequentialInvoiceNumberValue": "1043",
    "TaxPaidInvoiceDate": "",
    "StoreClientDataSnapshotOnInvoiceCreation": "",
}


def fill_company(database: Database) -> None:
    """Put everything in that is there before the first client."""
    for currency in CURRENCIES:
        insert(database, "tblcurrencies", currency)
    for order, (gateway, name) in enumerate(GATEWAYS.items(), 1):
        row = {"gateway": gateway, "setting": "name", "value": name, "order": order}
        insert(database, "tblpaymentgateways", row)
    for name, country, rate in TAXES:
        insert(database, "tbltax", {"level": 1, "name": name, "country": country, "taxrate": rate})
    for setting, value in SETTINGS.items():
        insert(database, "tblconfiguration", {"setting": setting, "value": value})
    for group in GROUPS:
        insert(database, "tblproductgroups", {"name": group})
    for gid, kind, name, monthly, annually in PRODUCTS:
        row = {"gid": gid, "type": kind, "name": name, "slug": name.lower().replace(" ", "-")}
        price = {"paytype": "recurring", "monthly": monthly, "annually": annually}
        insert(database, "tblproducts", {**row, **price, "servertype": "cpanel"})
    for addon in ADDONS:
        insert(database, "tbladdons", {"name": addon})
    _fill_office(database)


def _fill_office(database: Database) -> None:
    field = {"type": "client", "fieldname": "Purchase order number", "fieldtype": "text"}
    insert(database, "tblcustomfields", field)
    insert(database, "tblclientgroups", {"groupname": "Agencies", "discountpercent": "10.00"})
    password = hashlib.md5(ADMIN_PASSWORD.encode(), usedforsecurity=False).hexdigest()
    for name, role, disabled in ((ADMIN, 1, 0), ("formerstaff", 1, 1), ("support", 0, 0)):
        row = {"username": name, "password": password, "roleid": role, "disabled": disabled}
        insert(database, "tbladmins", row)
    starts = {
        "tblinvoices": FIRST_INVOICE,
        "tblaccounts": FIRST_TRANSACTION,
        "tblinvoiceitems": FIRST_LINE,
        "tblhosting": 401,
        "tbldomains": 701,
        "tblhostingaddons": 601,
        "tblupgrades": 801,
        "tblbillableitems": 901,
        "tblcredit": 301,
    }
    for table, first in starts.items():
        database.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", (table, first - 1))
