"""Field types that read each oddity of WHMCS's JSON, and refuse what they cannot read exactly.

Source: WHMCS API reference for the documented forms (money as text with two decimals, zero dates,
four ways to write a truth value); open WHMCS clients for ids that are numbers or text.
"""

import datetime as dt
import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator

from whmcs_source.api.html_text import plain, single_line

_AMOUNT = re.compile(r"[+-]?\d{1,16}(?:\.\d{1,8})?")
_ID = re.compile(r"\d{1,18}")
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[ T].*)?")
_TRUE = ("1", "on", "true", "yes")
_FALSE = ("0", "", "off", "false", "no")


def _read_id(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and _ID.fullmatch(value.strip()):
        return int(value)
    raise ValueError("it is no id")


def _read_id_or_zero(value: Any) -> int:
    return 0 if value is None or value == "" else _read_id(value)


def _read_amount(value: Any) -> Decimal:
    if isinstance(value, float):
        raise ValueError("it was read as a float, which is not exact")
    if isinstance(value, Decimal) and value.is_finite():
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str) and _AMOUNT.fullmatch(value.strip()):
        return Decimal(value.strip())
    raise ValueError("it is no amount")


def _read_amount_or_zero(value: Any) -> Decimal:
    return Decimal("0.00") if value is None or value == "" else _read_amount(value)


def _read_day(value: Any) -> dt.date | None:
    """A day, of a date or a time. A zero date is none."""
    if value is None or value == "":
        return None
    match = _DAY.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None and not str(value).startswith("-"):  # -0001-11-30 is PHP's zero date
        raise ValueError("it is no date")
    if match is None or match.group(1).startswith("0000-"):
        return None
    return dt.date.fromisoformat(match.group(1))


def _read_flag(value: Any) -> bool:
    word = str(value).strip().lower() if value is not None else ""
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError("it is neither yes nor no")


def _read_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    raise ValueError("it is no text")


Id = Annotated[int, BeforeValidator(_read_id)]
IdOrZero = Annotated[int, BeforeValidator(_read_id_or_zero)]
Amount = Annotated[Decimal, BeforeValidator(_read_amount)]
AmountOrZero = Annotated[Decimal, BeforeValidator(_read_amount_or_zero)]
Day = Annotated[dt.date | None, BeforeValidator(_read_day)]
Flag = Annotated[bool, BeforeValidator(_read_flag)]
Line = Annotated[str, BeforeValidator(lambda value: single_line(_read_text(value)))]
Text = Annotated[str, BeforeValidator(lambda value: plain(_read_text(value)))]
