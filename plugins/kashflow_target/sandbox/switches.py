"""What can be set about the sandbox while it runs. What is only a guess about KashFlow is here.

The defaults are what KashFlow's manual and working clients show or, where nobody knows, what a
careless client would be hurt by.
"""

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

Value: TypeAlias = str | int


class UnknownSwitchError(ValueError):
    """A switch that does not exist was set, or set to a value that it cannot have."""


@dataclass(frozen=True, slots=True)
class Option:
    """One switch.

    Attributes:
        default: Its value in a fresh sandbox.
        values: The only values it can have; empty when any will do.
        about: What it changes.
    """

    default: Value
    about: str
    values: tuple[str, ...] = ()


_ON_OFF = ("on", "off")

SWITCHES: Mapping[str, Option] = {
    "strict": Option("on", "refuse what KashFlow would silently ignore", _ON_OFF),
    "latency_ms": Option(0, "every reply waits this many milliseconds"),
    "username": Option("northwind", "the login name that is accepted"),
    "password": Option("sandbox-tidal-otter", "the API password that is accepted"),
    "allowed_addresses": Option("*", "callers let in, comma separated; * is everybody"),
    "api": Option("on", "whether the account lets the API in at all", _ON_OFF),
    "api_off_text": Option(
        "The API has not been switched on for this account", "the real text is not known"
    ),
    "status_word": Option("", "Status of every reply in place of OK and NO"),
    "status_detail_on_ok": Option("empty", "StatusDetail beside OK", ("empty", "absent", "text")),
    "empty_list": Option("element", "how a list without items comes", ("element", "absent")),
    "cisrc": Option("on", "invoices end in the newer service's three elements", _ON_OFF),
    "customer_miss": Option(
        "refuse", "GetCustomer and GetCustomerByID find nobody", ("refuse", "empty", "blank")
    ),
    "update_blank_missing": Option(
        "blank", "UpdateCustomer and a text that was not sent", ("keep", "blank")
    ),
    "update_result": Option("", "the text that UpdateCustomer answers; {id} is the customer's"),
    "supplied_number": Option(
        "overwrite",
        "an InvoiceNumber sent with InsertInvoice",
        ("overwrite", "accept", "refuse", "ignore"),
    ),
    "rate_two_decimals": Option("on", "a line's Rate keeps two decimals", _ON_OFF),
    "vat_amount": Option("sent", "a line's VatAmount", ("sent", "recompute")),
    "unknown_vat_rate": Option("refuse", "a VatRate not in GetVATRates", ("refuse", "accept")),
    "vat_registered": Option("on", "whether the company is registered for VAT", _ON_OFF),
    "text_limit": Option(0, "references, notes and descriptions are cut here; 0 is never"),
    "payments_in": Option("home", "the currency of PayAmount and AmountPaid", ("home", "invoice")),
    "overpayment": Option("accept", "a payment above what is owed", ("accept", "refuse")),
    "negative_payments": Option("accept", "a payment below zero", ("accept", "refuse")),
    "payments_page_size": Option(100, "rows of a page of GetInvoicePaymentsByDateRange"),
    "delete_payment_arguments": Option(
        "two", "whether DeleteInvoicePayment needs InvoiceNumber", ("two", "one")
    ),
    "delete_paid_invoice": Option(
        "delete", "deleting an invoice that has payments", ("delete", "refuse")
    ),
    "locked_to": Option("", "nothing dated on or before this day (2026-03-31) may change"),
    "locked_text": Option(
        "This date falls in a closed period and cannot be changed", "the real text is not known"
    ),
    "list_lines": Option("on", "lists of invoices carry their lines", _ON_OFF),
    "range_end": Option("inclusive", "last day of a date range", ("inclusive", "exclusive")),
    "bank_account_by": Option("id", "what BankTransaction.accid holds", ("id", "code")),
}


class Switches(Mapping[str, Value]):
    """The switches as they stand, each with a value."""

    def __init__(self, changed: Iterable[tuple[str, str]]) -> None:
        self._values: dict[str, Value] = {name: switch.default for name, switch in SWITCHES.items()}
        self._values.update((name, json.loads(value)) for name, value in changed)

    def __getitem__(self, name: str) -> Value:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def on(self, name: str) -> bool:
        """Whether an on/off switch is on."""
        return self._values[name] == "on"

    def text(self, name: str) -> str:
        """The value as text."""
        return str(self._values[name])

    def number(self, name: str) -> int:
        """The value as a whole number."""
        return int(self._values[name])


def checked(changes: Mapping[str, object]) -> dict[str, str]:
    """The changes as they are stored.

    Raises:
        UnknownSwitchError: naming the switch, and the nearest one or the values it takes.
    """
    stored = {}
    for name, value in changes.items():
        switch = SWITCHES.get(name)
        if switch is None:
            near = difflib.get_close_matches(name, SWITCHES, n=1)
            hint = f"; did you mean {near[0]}" if near else ""
            msg = f"there is no switch {name}{hint}"
            raise UnknownSwitchError(msg)
        stored[name] = json.dumps(_fitting(name, switch, value))
    return stored


def _fitting(name: str, switch: Option, value: object) -> Value:
    if isinstance(switch.default, int):
        if not str(value).isdecimal():
            msg = f"{name} takes a whole number, not {value!r}"
            raise UnknownSwitchError(msg)
        return int(str(value))
    if not isinstance(value, str) or (switch.values and value not in switch.values):
        msg = f"{name} takes {', '.join(switch.values) or 'a text'}, not {value!r}"
        raise UnknownSwitchError(msg)
    return value
