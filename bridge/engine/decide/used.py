"""The source's values as a decision used them, to be kept with it. Pure."""

from bridge.engine.decide.content import content_of
from bridge.model.source_records import Client, Invoice, Missing, as_plain, fingerprint
from bridge.store.tables.values import KeepSnapshot


def as_used(invoice: Invoice, client: Client | Missing) -> KeepSnapshot:
    """A snapshot of both. Two with equal values have equal digests."""
    data = {"invoice": as_plain(invoice), "client": as_plain(client)}
    return KeepSnapshot(
        invoice=invoice.ref,
        digest=fingerprint(data),
        content=content_of(data["invoice"]),
        data=data,
    )
