"""What an admin or a gateway does in WHMCS, as verbs: for tests, and for `POST /_sandbox/do`.

Nothing of this is in the real API, which cannot refund, merge, split or delete an invoice.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from whmcs_source.sandbox.desk import AdminArea, DeskError
from whmcs_source.sandbox.invoicing import (
    add_late_fee,
    cancel,
    create_invoice,
    delete_invoice,
    edit_invoice,
    merge,
    publish,
    set_status,
    split,
)
from whmcs_source.sandbox.paying import (
    add_credit,
    add_funds,
    apply_credit,
    change_transaction,
    delete_transaction,
    mark_paid,
    mass_pay,
    pay,
    record_money,
)
from whmcs_source.sandbox.people import (
    change_client,
    create_addon,
    create_client,
    create_domain,
    create_service,
    delete_client,
)
from whmcs_source.sandbox.returning import chargeback, refund
from whmcs_source.sandbox.settling import credit_note
from whmcs_source.sandbox.state import Database

_VERBS: tuple[Callable[..., int | str], ...] = (
    add_credit,
    add_funds,
    add_late_fee,
    apply_credit,
    cancel,
    change_client,
    change_transaction,
    chargeback,
    create_addon,
    create_client,
    create_domain,
    create_invoice,
    create_service,
    credit_note,
    delete_client,
    delete_invoice,
    delete_transaction,
    edit_invoice,
    mark_paid,
    mass_pay,
    merge,
    pay,
    publish,
    record_money,
    refund,
    set_status,
    split,
)

VERBS: Mapping[str, Callable[..., int | str]] = {verb.__name__: verb for verb in _VERBS}
"""By name; each takes a `AdminArea` and keywords, and answers the id of what it made or changed."""


def do(database: Database, what: str, **arguments: Any) -> int | str:
    """Do one verb inside the caller's transaction.

    Raises:
        DeskError: when there is no such verb or record, or WHMCS would refuse.
    """
    verb = VERBS.get(what)
    if verb is None:
        raise DeskError(f"there is no {what}; there are {', '.join(sorted(VERBS))}")
    desk = AdminArea(database)
    try:
        inspect.signature(verb).bind(desk, **arguments)
    except TypeError as error:
        raise DeskError(f"{what}: {error}") from error
    return verb(desk, **arguments)
