"""Digests and snapshots of what a source says, to see later what has changed. Pure."""

from collections.abc import Mapping
from typing import Any

from bridge.model.source_records import Client, Invoice, Missing, as_plain, fingerprint
from bridge.store.tables.values import KeepSnapshot

# What is sold, to whom and for how much. Money that moves later, the state and the number given on
# payment are compared record by record; what sources show live (product names) says nothing.
_SALE = ("ref", "client", "currency", "net", "tax", "tax2", "tax_rate", "tax_rate2", "prices")
_LINE = ("id", "kind", "type", "description", "amount", "taxed", "related")


def content_fingerprint(invoice: Invoice) -> str:
    """A digest of what was sold."""
    return content_of(as_plain(invoice))


def content_of(plain: Mapping[str, Any]) -> str:
    """The same of an invoice as `as_plain` gives it."""
    lines = [{key: line[key] for key in _LINE} for line in plain["lines"]]
    return fingerprint({**{key: plain[key] for key in _SALE}, "lines": lines})


def snapshot_of(invoice: Invoice, client: Client | Missing) -> KeepSnapshot:
    """Returns the values that a decision used. Two of equal values have equal digests."""
    data = {"invoice": as_plain(invoice), "client": as_plain(client)}
    return KeepSnapshot(
        invoice=invoice.ref,
        digest=fingerprint(data),
        content=content_of(data["invoice"]),
        data=data,
    )
