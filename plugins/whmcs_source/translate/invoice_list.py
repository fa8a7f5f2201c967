"""A client's invoices as their list shows them, kept small, for proofs over all of them. Pure."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from whmcs_source.api.wire_models import WireInvoice

PAID_WORDS = ("Paid", "Refunded", "Collections")
_NEVER_PAID = ("Draft", "Unpaid", "Payment Pending", "Cancelled")


@dataclass(frozen=True, slots=True)
class ListedInvoice:
    """What a list row says of one invoice.

    Attributes:
        credit, total: As WHMCS stores them; see `whmcs_source.translate.credit`.
        taxed: Whether it bears tax, which neither a mass payment nor an addition of funds does.
        readable: False for a row that makes no sense; its figures are zero.
    """

    id: int
    status: str
    issued: dt.date | None
    paid_on: dt.date | None
    gross: Decimal = Decimal(0)
    credit: Decimal = Decimal(0)
    total: Decimal = Decimal(0)
    taxed: bool = False
    readable: bool = True

    @property
    def may_be_container(self) -> bool:
        """Whether it may be a mass payment that took place, as far as the list tells."""
        return self.status not in _NEVER_PAID and (
            not self.readable or (not self.taxed and self.gross > 0)
        )


def took_place(wire: WireInvoice) -> bool:
    """Whether a mass payment was paid: one that is open or cancelled settled nothing."""
    return wire.status not in _NEVER_PAID
