"""What every operation works with: the books, the switches, and how to refuse."""

import datetime as dt
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from kashflow_target.sandbox.interface import NO_DATE
from kashflow_target.sandbox.switches import Switches

PENNY = Decimal("0.01")


class RefusalError(Exception):
    """The service understood and says no: HTTP 200, Status NO and this text."""


@dataclass(frozen=True, slots=True)
class SoapCall:
    """One operation at work, inside one transaction."""

    db: sqlite3.Connection
    switches: Switches

    def one(self, sql: str, *values: object) -> Any:
        """The first row, or None."""
        return self.db.execute(sql, values).fetchone()

    def cut(self, text: str | None) -> str | None:
        """A text as the service keeps it."""
        limit = self.switches.number("text_limit")
        return text[:limit] if text and limit else text

    def refuse_if_locked(self, *days: str) -> None:
        """Refuse what touches a day (ISO 8601) on or before the end of the closed period."""
        locked_to = self.switches.text("locked_to")
        if locked_to and any(day <= locked_to for day in days):
            raise RefusalError(self.switches.text("locked_text"))

    def home_currency(self) -> str:
        """ISO 4217 code of the account's own currency."""
        return str(self.one("SELECT code FROM currency WHERE home")[0])

    def listed(self, items: Iterable[str]) -> str | None:
        """The inside of a list's result element."""
        inner = "".join(items)
        if not inner and self.switches.text("empty_list") == "absent":
            return None
        return inner


def today() -> dt.date:
    """The local calendar day."""
    return dt.datetime.now().astimezone().date()


def now() -> str:
    """Local time without zone, to the second, as the service stamps records."""
    return dt.datetime.now().astimezone().replace(tzinfo=None).isoformat(timespec="seconds")


def day_of(values: Mapping[str, Any], name: str, default: dt.date) -> str:
    """A date as it is kept: without its time of day, `default` when absent or .NET's empty date.

    Source: a client's test sends 22:44 and reads back 00:00:00 of that day.
    """
    value = values.get(name, NO_DATE)
    return (default if value == NO_DATE else value.date()).isoformat()


def days_of(values: Mapping[str, Any]) -> tuple[str, str]:
    """The first and last day of a date range, ISO 8601."""
    ends = (values.get(name, NO_DATE) for name in ("StartDate", "EndDate"))
    first, last = (end.date().isoformat() for end in ends)
    return first, last


def to_penny(amount: Decimal) -> Decimal:
    """Rounded half away from zero to two places."""
    return amount.quantize(PENNY, rounding=ROUND_HALF_UP)
