"""From a document as it was booked to the credit note that takes it back. Pure."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from bridge.api import Json, Kind, Payload, Reference, Rule, TargetLine
from kashflow_target.compose.field_text import flat, one_line
from kashflow_target.compose.invoice import credit_prefix


def compose_reversal(booked: Payload, reference: Reference, date: dt.date, number: str) -> Payload:
    """An invoice below zero with the same lines: sales type, VAT rate and exchange rate as booked.

    Rate and VatAmount carry the sign, the quantity stays 1, as on every credit note (KashFlow
    manual, Invoice).
    """
    text = one_line(str(reference))
    lines = [_reversed(line) for line in _lines(booked.body["Lines"])]
    lines[0]["Description"] = flat(credit_prefix(number) + str(lines[0]["Description"]))
    shown = [TargetLine(each.description, -each.net, -each.tax) for each in booked.lines]
    shown[:1] = [replace(each, description=str(lines[0]["Description"])) for each in shown[:1]]
    body: dict[str, Json] = {
        **booked.body,
        "InvoiceDate": date.isoformat(),
        "DueDate": date.isoformat(),
        "CustomerReference": text,
        "Lines": lines,
    }
    return Payload(
        kind=Kind.CREDIT_NOTE,
        body=body,
        reference=text,
        date=date,
        net=None if booked.net is None else -booked.net,
        tax=None if booked.tax is None else -booked.tax,
        rules=(Rule("credit note", "as it was booked, each amount reversed", f"invoice {number}"),),
        lines=tuple(shown),
    )


def _lines(lines: Json) -> list[Mapping[str, Json]]:
    if not isinstance(lines, list | tuple):
        return []
    return [line for line in lines if isinstance(line, Mapping)]


def _reversed(line: Mapping[str, Json]) -> dict[str, Json]:
    return {**line, "Rate": _minus(line["Rate"]), "VatAmount": _minus(line["VatAmount"])}


def _minus(amount: Json) -> str:
    """Nought has no sign."""
    return str(0 - Decimal(str(amount)))
