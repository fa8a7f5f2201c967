"""The report as JSON lines: one a record, one a line of each table, and a summary last."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from bridge.engine.reconcile.client_balances import BalanceLine
from bridge.engine.reconcile.result import Reconciliation
from bridge.engine.reconcile.totals import MonthLine
from bridge.engine.reconcile.values import Difference, Item
from bridge.model.money import Money


def as_lines(report: Reconciliation) -> Iterator[dict[str, Any]]:
    """Yield the report's lines, each with a `type`."""
    for item in report.items:
        yield {"type": "record", **_item(item)}
    for difference in report.differences:
        yield {"type": "difference", **_difference(difference)}
    for difference in report.accepted:
        yield {"type": "accepted", **_difference(difference), **_accepted(difference)}
    for kind, months in (("documents", report.documents), ("money", report.money)):
        for month in months:
            yield {"type": "month", "of": kind, **_month(month)}
    tables: tuple[tuple[str, Iterable[object]], ...] = (
        ("tax", report.taxes),
        ("return", report.returns),
        ("account", report.accounts),
        ("balance", report.balances),
        ("debtors", report.debtors),
        ("open_document", report.open_documents),
        ("gap", report.gaps),
        ("held", report.held),
    )
    for name, rows in tables:
        for row in rows:
            yield {"type": name, **_short(_plain(row)), **_worked_out(row)}
    yield _summary(report)


def _worked_out(row: object) -> dict[str, str]:
    """Return what follows from the fields of a line."""
    if not isinstance(row, BalanceLine):
        return {}
    return {"closing": str(row.closing), "difference": str(row.difference)}


def _short(row: dict[str, Any]) -> dict[str, Any]:
    """Return a line whose month, if any, reads ``2026-03``."""
    return {**row, "month": row["month"][:7]} if "month" in row else row


def _item(item: Item) -> dict[str, Any]:
    row = _plain(item)
    verdict = row.pop("verdict")
    return {"class": verdict.pop("standing"), **row, **verdict}


def _difference(difference: Difference) -> dict[str, Any]:
    return {
        "family": difference.family,
        "record": difference.subject,
        "class": difference.standing.value,
        "what": difference.what,
        "remedy": difference.remedy,
        "records": [item.token or item.number for item in difference.items],
    }


def _accepted(difference: Difference) -> dict[str, Any]:
    row = difference.accepted
    if row is None:
        return {}
    return {"who": row.who, "at": row.at.isoformat(), "because": row.because}


def _month(line: MonthLine) -> dict[str, Any]:
    return {
        "month": f"{line.month:%Y-%m}",
        "currency": line.currency,
        "count": line.count,
        "billed": _plain(line.billed),
        "booked": _plain(line.booked),
        "classes": {key.value: _plain(each) for key, each in line.by_standing.items()},
    }


def _summary(report: Reconciliation) -> dict[str, Any]:
    counts = Counter(item.standing.value for item in report.items)
    return {
        "type": "summary",
        "version": 1,
        "from": str(report.days.first),
        "to": str(report.days.last),
        "source": report.source,
        "target": report.target,
        "began": report.began.isoformat(),
        "ended": report.ended.isoformat(),
        "settings": report.settings,
        "last_run": report.runs[0].id if report.runs else None,
        "classes": dict(sorted(counts.items())),
        "differences": len(report.differences),
        "accepted": len(report.accepted),
        "exit_code": report.exit_code,
    }


def _plain(value: object) -> Any:
    """Return a value for JSON: money as ``"12.50 GBP"``, days in ISO form."""
    if isinstance(value, Money):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value if isinstance(value, bool | int | str) or value is None else str(value)
