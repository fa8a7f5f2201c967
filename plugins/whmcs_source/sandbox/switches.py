"""The switches: what is a guess about WHMCS, or differs between installs, and how it misbehaves."""

from collections.abc import Mapping
from dataclasses import dataclass

from whmcs_source.sandbox.state import Database

IDENTIFIER = "northwind-sandbox-identifier"
SECRET = "northwind-sandbox-secret"  # noqa: S105  # of the stand-in alone
ADMIN = "bookkeeper"
ADMIN_PASSWORD = "northwind-sandbox-admin"  # noqa: S105  # of the stand-in alone


@dataclass(frozen=True, slots=True)
class Switch:
    """One switch.

    Attributes:
        default: Its value until it is set.
        about: What it does.
        choices: The values it may have; empty when any text will do.
        setting: The row of tblconfiguration that it sets as well.
    """

    default: str
    about: str
    choices: tuple[str, ...] = ()
    setting: str = ""


_ON_OFF = ("on", "off")

SWITCHES: Mapping[str, Switch] = {
    "identifier": Switch(IDENTIFIER, "API identifier that is let in"),
    "secret": Switch(SECRET, "API secret that goes with it"),
    "access_key": Switch("", "accesskey that lifts the address check; empty for none"),
    "allowed_ips": Switch("", "addresses let in, with commas; empty lets all in"),
    "seen_ip": Switch("", "address that WHMCS believes the caller has; empty for the real one"),
    "ip_text": Switch(
        "Invalid IP", "wording of the address refusal", ("Invalid IP", "Forbidden IP")
    ),
    "allowed_actions": Switch("", "API role: actions allowed, with commas; empty allows all"),
    "strict": Switch("on", "refuse parameters that the action is not documented to have", _ON_OFF),
    "latency_ms": Switch("0", "every API reply waits this long"),
    "version": Switch("8.13.1", "WHMCS version; 9 changes how credit and refunds are kept"),
    "now": Switch("2026-11-02 09:00:00", "local time of the stand-in; `real` for the clock's"),
    "tax_type": Switch(
        "Exclusive", "global price type", ("Exclusive", "Inclusive"), setting="TaxType"
    ),
    "tax_rounding": Switch("sum", "tax on the sum of lines, or line by line", ("sum", "line")),
    "proforma": Switch(
        "on", "unpaid invoices are proformas", _ON_OFF, setting="EnableProformaInvoicing"
    ),
    "sequential_numbers": Switch(
        "on", "numbers at payment", _ON_OFF, setting="SequentialInvoiceNumbering"
    ),
    "date_on_payment": Switch(
        "off", "payment sets the invoice date", _ON_OFF, setting="TaxPaidInvoiceDate"
    ),
    "ids": Switch("documented", "type of ids and counters", ("documented", "int", "string")),
    "empty_list": Switch(
        '""', "shape of an empty list", ('""', "[]", "{}", "null", "missing", "inner")
    ),
    "single_as_object": Switch(
        "off",
        "a list of one as its element; `numeric`: any list as object",
        ("on", "off", "numeric"),
    ),
    "zero_dates": Switch("zero", "shape of unset dates", ("zero", "null", "empty")),
    "empty_money": Switch("off", 'fees and credit of zero are ""', _ON_OFF),
    "flat_keys": Switch("off", "GetCurrencies, GetCredits, ... with flattened keys", _ON_OFF),
    "top_level_client": Switch("off", "GetClientsDetails repeats the client at top level", _ON_OFF),
    "latin1_name": Switch("off", "one client's name holds a Latin-1 byte", _ON_OFF),
    "php_warning": Switch("off", "a PHP warning stands before the JSON", _ON_OFF),
    "nvp_refusals": Switch("off", "refusals come as NVP whatever was asked for", _ON_OFF),
    "list_order": Switch("asc", "order of GetInvoices when none is asked for", ("asc", "desc")),
    "stray_rows": Switch("off", "GetInvoices ignores its filters, as for a misspelt one", _ON_OFF),
    "adjustment_rows": Switch(
        "plain", "9.x: billing-note rows among transactions", ("plain", "typed", "hidden")
    ),
    "credit_field_9x": Switch("zero", "9.x: `credit` of an invoice", ("zero", "amount")),
    "credit_texts": Switch(
        "numbered",
        "words of balance movements: with the invoice's id, without it, or none",
        ("plain", "numbered", "none"),
    ),
    "credit_relid": Switch("zero", "relid of a balance movement", ("zero", "invoice")),
    "mass_pay_credit_rows": Switch(
        "off", "a mass payment's share goes through the balance, with a row on and one off", _ON_OFF
    ),
    "refund_touches_invoice": Switch("off", "a part refund moves updated_at", _ON_OFF),
    "after_list": Switch("", "driver command, as JSON, done once after the next GetInvoices"),
}


class SwitchError(ValueError):
    """A switch that does not exist, or a value that it cannot have."""


def read(database: Database) -> dict[str, str]:
    """Every switch with its value."""
    values = {name: switch.default for name, switch in SWITCHES.items()}
    values.update(tuple(row) for row in database.execute("SELECT * FROM sandbox_switches"))
    return values


def write(database: Database, values: Mapping[str, object]) -> None:
    """Set switches; those that are a setting of WHMCS change its configuration too.

    Raises:
        SwitchError: naming the switch; none of `values` is set then.
    """
    checked = {name: _checked(name, str(value)) for name, value in values.items()}
    for name, value in checked.items():
        database.execute("REPLACE INTO sandbox_switches VALUES (?, ?)", (name, value))
        setting = SWITCHES[name].setting
        if setting:
            stored = {"on": "on", "off": ""}.get(value, value)
            database.execute("REPLACE INTO tblconfiguration VALUES (?, ?)", (setting, stored))
        if name == "version":
            stored = f"{value}-release.1"
            database.execute("REPLACE INTO tblconfiguration VALUES ('Version', ?)", (stored,))


def _checked(name: str, value: str) -> str:
    switch = SWITCHES.get(name)
    if switch is None:
        raise SwitchError(f"no switch is called {name}; there are {', '.join(sorted(SWITCHES))}")
    if name == "empty_list" and not value:
        value = '""'
    if switch.choices and value not in switch.choices:
        raise SwitchError(f"{name} was {value!r}; it may be {', '.join(switch.choices)}")
    return value
