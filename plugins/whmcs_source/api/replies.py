"""What came back from WHMCS, told apart: replies, pages that are none, times to wait. Pure."""

import datetime as dt
import email.utils
import json
from decimal import Decimal
from typing import Any

from whmcs_source.api.shapes import Json


def retry_after_s(header: str | None) -> float | None:
    """Seconds to wait, from a Retry-After of seconds or of a date; None when there is none."""
    if not header:
        return None
    if header.strip().isdigit():
        return float(header)
    try:
        moment = email.utils.parsedate_to_datetime(header)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return max(0.0, (moment - dt.datetime.now(dt.UTC)).total_seconds())


def _no_constant(name: str) -> Any:
    msg = f"{name} is no number"
    raise ValueError(msg)


def parsed(text: str) -> Json | None:
    """The reply, of JSON or of the old ``result=...;message=...;`` form; None for anything else.

    Very old versions refuse in the latter before they look at `responsetype` (seen in an open
    client of the API).
    """
    try:
        value = json.loads(text, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        value = _parsed_pairs(text)
    return value if isinstance(value, dict) and isinstance(value.get("result"), str) else None


def _parsed_pairs(text: str) -> Json | None:
    if not text.startswith("result="):
        return None
    pairs = (part.partition("=") for part in text.strip().split(";") if "=" in part)
    return {key.strip(): value.strip() for key, _, value in pairs}
