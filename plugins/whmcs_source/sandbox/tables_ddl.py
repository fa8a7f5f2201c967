"""The tables of the stand-in: WHMCS's own names and columns, and a few of the sandbox.

Column names follow the official class documentation and the queries of open modules. Money, rates
and dates are TEXT, since SQLite would turn ``100.00`` into the number 100 and has no zero dates.
"""

from collections.abc import Mapping

ZERO_DAY = "0000-00-00"
ZERO_MOMENT = "0000-00-00 00:00:00"

_MONEY = "TEXT NOT NULL DEFAULT '0.00'"
_RATE = "TEXT NOT NULL DEFAULT '0.000'"
_TEXT = "TEXT NOT NULL DEFAULT ''"
_INT = "INTEGER NOT NULL DEFAULT 0"
_KEY = "INTEGER PRIMARY KEY AUTOINCREMENT"
_DAY = f"TEXT NOT NULL DEFAULT '{ZERO_DAY}'"
_MOMENT = f"TEXT NOT NULL DEFAULT '{ZERO_MOMENT}'"

Columns = Mapping[str, str]

INVOICING: Mapping[str, Columns] = {
    "tblinvoices": {
        "id": _KEY,
        "userid": _INT,
        "invoicenum": _TEXT,
        "date": _DAY,
        "duedate": _DAY,
        "datepaid": _MOMENT,
        "last_capture_attempt": _MOMENT,
        "date_refunded": _MOMENT,
        "date_cancelled": _MOMENT,
        "subtotal": _MONEY,
        "credit": _MONEY,
        "tax": _MONEY,
        "tax2": _MONEY,
        "total": _MONEY,
        "taxrate": _RATE,
        "taxrate2": _RATE,
        "status": _TEXT,
        "paymentmethod": _TEXT,
        "paymethodid": "INTEGER",
        "notes": _TEXT,
        "created_at": _MOMENT,
        "updated_at": _MOMENT,
    },
    "tblinvoiceitems": {
        "id": _KEY,
        "invoiceid": _INT,
        "userid": _INT,
        "type": _TEXT,
        "relid": _INT,
        "description": _TEXT,
        "amount": _MONEY,
        "taxed": _INT,
        "duedate": _DAY,
        "paymentmethod": _TEXT,
        "notes": _TEXT,
    },
    # billingnoteid, type and relid exist in 9.x only.
    "tblaccounts": {
        "id": _KEY,
        "userid": _INT,
        "currency": _INT,
        "gateway": _TEXT,
        "date": _MOMENT,
        "description": _TEXT,
        "amountin": _MONEY,
        "fees": _MONEY,
        "amountout": _MONEY,
        "rate": "TEXT NOT NULL DEFAULT '1.00000'",
        "transid": _TEXT,
        "invoiceid": _INT,
        "refundid": _INT,
        "billingnoteid": _INT,
        "type": _TEXT,
        "relid": _INT,
    },
    "tblcredit": {
        "id": _KEY,
        "clientid": _INT,
        "date": _DAY,
        "description": _TEXT,
        "amount": _MONEY,
        "relid": _INT,
    },
    # 9.x only: credit and debit notes.
    "tblbillingnotes": {
        "id": _KEY,
        "note_type": _TEXT,
        "custom_number": _TEXT,
        "client_id": _INT,
        "date_issued": _DAY,
        "subtotal": _MONEY,
        "tax": _MONEY,
        "tax2": _MONEY,
        "total": _MONEY,
        "taxrate": _RATE,
        "taxrate2": _RATE,
        "status": _TEXT,
        "notes": _TEXT,
        "created_at": _MOMENT,
        "updated_at": _MOMENT,
    },
    "tblbillingnoteitems": {
        "id": _KEY,
        "billingnote_id": _INT,
        "description": _TEXT,
        "amount": _MONEY,
        "taxed": _INT,
    },
}

PEOPLE: Mapping[str, Columns] = {
    "tblclients": {
        "id": _KEY,
        "uuid": _TEXT,
        "firstname": _TEXT,
        "lastname": _TEXT,
        "companyname": _TEXT,
        "email": _TEXT,
        "address1": _TEXT,
        "address2": _TEXT,
        "city": _TEXT,
        "state": _TEXT,
        "postcode": _TEXT,
        "country": _TEXT,
        "phonenumber": _TEXT,
        "tax_id": _TEXT,
        "currency": "INTEGER NOT NULL DEFAULT 1",
        "credit": _MONEY,
        "taxexempt": _INT,
        "status": "TEXT NOT NULL DEFAULT 'Active'",
        "groupid": _INT,
        "defaultgateway": _TEXT,
        "language": _TEXT,
        "datecreated": _DAY,
        "created_at": _MOMENT,
        "updated_at": _MOMENT,
        "billingcid": _INT,
        "notes": _TEXT,
    },
    "tblusers": {"id": _KEY, "first_name": _TEXT, "last_name": _TEXT, "email": _TEXT},
    "tblusers_clients": {"id": _KEY, "auth_user_id": _INT, "client_id": _INT, "owner": _INT},
    "tblcustomfields": {
        "id": _KEY,
        "type": _TEXT,
        "relid": _INT,
        "fieldname": _TEXT,
        "fieldtype": _TEXT,
        "adminonly": _TEXT,
    },
    "tblcustomfieldsvalues": {"id": _KEY, "fieldid": _INT, "relid": _INT, "value": _TEXT},
    "tblclientgroups": {"id": _KEY, "groupname": _TEXT, "discountpercent": _MONEY},
    # roleid 0 stands for a role without the API permission.
    "tbladmins": {
        "id": _KEY,
        "username": _TEXT,
        "password": _TEXT,
        "roleid": _INT,
        "disabled": _INT,
    },
}

COMPANY: Mapping[str, Columns] = {
    "tblcurrencies": {
        "id": _KEY,
        "code": _TEXT,
        "prefix": _TEXT,
        "suffix": _TEXT,
        "format": _INT,
        "rate": "TEXT NOT NULL DEFAULT '1.00000'",
        "`default`": _INT,
    },
    "tblpaymentgateways": {
        "id": _KEY,
        "gateway": _TEXT,
        "setting": _TEXT,
        "value": _TEXT,
        "`order`": _INT,
    },
    "tbltax": {
        "id": _KEY,
        "level": _INT,
        "name": _TEXT,
        "state": _TEXT,
        "country": _TEXT,
        "taxrate": _RATE,
    },
    "tblconfiguration": {"setting": "TEXT PRIMARY KEY", "value": _TEXT},
    "tblproductgroups": {"id": _KEY, "name": _TEXT},
    "tblproducts": {
        "id": _KEY,
        "gid": _INT,
        "type": _TEXT,
        "name": _TEXT,
        "slug": _TEXT,
        "description": _TEXT,
        "servertype": _TEXT,
        "paytype": _TEXT,
        "monthly": _MONEY,
        "annually": _MONEY,
    },
    "tblhosting": {
        "id": _KEY,
        "userid": _INT,
        "orderid": _INT,
        "packageid": _INT,
        "regdate": _DAY,
        "domain": _TEXT,
        "paymentmethod": _TEXT,
        "firstpaymentamount": _MONEY,
        "amount": _MONEY,
        "billingcycle": _TEXT,
        "nextduedate": _DAY,
        "domainstatus": _TEXT,
    },
    "tbladdons": {"id": _KEY, "name": _TEXT},
    "tblhostingaddons": {
        "id": _KEY,
        "orderid": _INT,
        "hostingid": _INT,
        "addonid": _INT,
        "userid": _INT,
        "name": _TEXT,
        "recurring": _MONEY,
        "billingcycle": _TEXT,
        "status": _TEXT,
    },
    "tbldomains": {
        "id": _KEY,
        "userid": _INT,
        "orderid": _INT,
        "type": _TEXT,
        "registrationdate": _DAY,
        "domain": _TEXT,
        "recurringamount": _MONEY,
        "registrationperiod": _INT,
        "nextduedate": _DAY,
        "status": _TEXT,
    },
    "tblupgrades": {"id": _KEY, "type": _TEXT, "relid": _INT, "originalvalue": _TEXT},
    "tblbillableitems": {"id": _KEY, "userid": _INT, "description": _TEXT, "amount": _MONEY},
}

OURS: Mapping[str, Columns] = {
    "sandbox_switches": {"name": "TEXT PRIMARY KEY", "value": _TEXT},
    "sandbox_calls": {"n": _KEY, "name": _TEXT, "fault": _TEXT},
    "sandbox_faults": {
        "id": _KEY,
        "name": _TEXT,
        "nth": _INT,
        "mode": _TEXT,
        "seconds": "REAL NOT NULL DEFAULT 0.0",
        "times": _INT,
    },
    "sandbox_cases": {"name": "TEXT PRIMARY KEY", "tablename": _TEXT, "rowid_": _INT},
}

TABLES: Mapping[str, Columns] = {**INVOICING, **PEOPLE, **COMPANY, **OURS}
"""Every table with its columns; those of `OURS` are not WHMCS's."""

INDEXES = (
    "CREATE INDEX items_by_invoice ON tblinvoiceitems (invoiceid)",
    "CREATE INDEX accounts_by_invoice ON tblaccounts (invoiceid)",
    "CREATE INDEX accounts_by_client ON tblaccounts (userid)",
    "CREATE INDEX credit_by_client ON tblcredit (clientid)",
    "CREATE INDEX invoices_by_status ON tblinvoices (status)",
)


def statements() -> list[str]:
    """What makes the empty tables."""
    tables = [
        f"CREATE TABLE {name} ({', '.join(f'{column} {kind}' for column, kind in columns.items())})"
        for name, columns in TABLES.items()
    ]
    return [*tables, *INDEXES]
