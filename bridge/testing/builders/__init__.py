"""Valid records with sensible values; a test names only what matters to it.

Everything is of one small story: client 31 owes invoice 501 of 100.00 GBP and 20 % tax, one line
of hosting, and pays it through `stripe` with transaction 900. Ids, amounts and currencies that
depend on each other follow what is given.
"""

from bridge.testing.builders.amounts import DAY, LABEL, STATUSES, eur, gbp, usd
from bridge.testing.builders.source_values import (
    a_balance_entry,
    a_client,
    a_header,
    a_line,
    a_transaction,
    an_invoice,
)
from bridge.testing.builders.target_values import (
    a_credit_note,
    a_movement,
    a_payment,
    a_reference,
    a_sale,
    a_sale_line,
)

__all__ = [
    "DAY",
    "LABEL",
    "STATUSES",
    "a_balance_entry",
    "a_client",
    "a_credit_note",
    "a_header",
    "a_line",
    "a_movement",
    "a_payment",
    "a_reference",
    "a_sale",
    "a_sale_line",
    "a_transaction",
    "an_invoice",
    "eur",
    "gbp",
    "usd",
]
