"""Whether what was booked still stands at the source. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from bridge.engine.decide.plan import Plan
from bridge.model.keys import Key, Role
from bridge.model.money import Money
from bridge.model.reasons import Hold, Reason
from bridge.model.refs import Kind, SourceRef
from bridge.model.source_records import Invoice, as_plain, fingerprint
from bridge.store.tables.values import LinkRow

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


def changed_after_booking() -> Hold:
    """The sale itself is not what it was."""
    return Hold(
        Reason.CHANGED_AFTER_WRITE,
        "its lines or sums were changed in the source after it was booked",
        "compare both (`bridge explain ID`), correct the books by hand, then `bridge skip` it with"
        " the reason",
    )


def contradicted(links: Iterable[LinkRow], plan: Plan) -> Hold | None:
    """Money that was booked and that the source does not show any more, or shows otherwise.

    While it waits which of two charges counts, the plan has no refunds, and those are not missed.
    """
    now = _amounts(plan)
    asks = plan.remark is not None and plan.remark.reason is Reason.DUPLICATE_TRANSACTION
    for link in links:
        key = Key.of(link.ref)
        if link.ref.kind not in {Kind.PAYMENT, Kind.MOVEMENT} or key.is_balance_use:
            continue
        booked = link.payload.paid if link.payload else None
        if booked is None or key.role in {Role.EXCHANGE, Role.GIVEN}:
            continue
        if asks and key.is_money_back:
            continue
        shown = now.get(link.ref)
        if shown != booked:
            return Hold(
                Reason.CHANGED_AFTER_WRITE,
                f"{link.ref} was booked with {booked}, and the source now shows"
                f" {shown or 'none of it'}",
                "find out what happened to that transaction; correct the books by hand, then"
                " `bridge skip` it with the reason",
            )
    return None


def _amounts(plan: Plan) -> dict[SourceRef, Money]:
    result = {payment.ref: payment.amount for payment in plan.payments}
    result |= {movement.ref: movement.amount for movement in plan.movements}
    return result | {refund.payout.ref: refund.payout.amount for refund in plan.refunds}
