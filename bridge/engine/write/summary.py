"""A report as the last JSON line of a run, which is also kept in the log."""

from typing import Any

from bridge.model.money import Money
from bridge.model.run import Report

VERSION = 1


def summary(report: Report) -> dict[str, Any]:
    """The summary object: its keys and their meaning stay the same within a `version`."""
    result: dict[str, Any] = {
        "type": "summary",
        "version": VERSION,
        "run": report.run.id,
        "outcome": dict(report.outcome),
        "created": dict(report.created),
        "updated": dict(report.updated),
        "totals": {
            currency: {"invoiced": _plain(sums.invoiced), "paid": _plain(sums.paid)}
            for currency, sums in report.totals.items()
        },
        "reasons": dict(report.reasons),
        "backlog": report.backlog,
        "seconds": report.seconds,
        "exit_code": report.exit_code,
    }
    if report.error:
        result["error"] = {
            "code": report.error.code,
            "what": str(report.error),
            "remedy": report.error.remedy,
        }
    return result


def _plain(amount: Money) -> str:
    return str(amount).partition(" ")[0]
