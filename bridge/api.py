"""The public door for plugin authors: everything a plugin may import of bridge.

A name that is here keeps its meaning within a major version. The module that answers the hooks
imports from `bridge.plugin`, which holds the offer alone: `bridge plugins list` then loads neither
the model nor the contract.
"""

import warnings
from importlib import import_module

from bridge.contract import (
    Finding as Finding,
    Health as Health,
    Known as Known,
    Level as Level,
    ScanPolicy as ScanPolicy,
    Source as Source,
    Survey as Survey,
    Target as Target,
)
from bridge.errors import (
    AccessError as AccessError,
    AmbiguousMatchError as AmbiguousMatchError,
    BridgeError as BridgeError,
    ConfigError as ConfigError,
    OutcomeUnknownError as OutcomeUnknownError,
    Problem as Problem,
    RecordRejectedError as RecordRejectedError,
    TransientError as TransientError,
    UnreachableError as UnreachableError,
    UsageError as UsageError,
)
from bridge.model.keys import (
    Reference as Reference,
    code_of as code_of,
    payment_ref as payment_ref,
    refund_ref as refund_ref,
    token_at as token_at,
    token_of as token_of,
    transaction_ref as transaction_ref,
)
from bridge.model.money import (
    Money as Money,
    minor_digits as minor_digits,
    rounded as rounded,
    spread as spread,
    total as total,
)
from bridge.model.reasons import (
    Hold as Hold,
    Reason as Reason,
)
from bridge.model.refs import (
    Kind as Kind,
    SourceRef as SourceRef,
    TargetRef as TargetRef,
    client_ref as client_ref,
    invoice_ref as invoice_ref,
)
from bridge.model.run import (
    Entry as Entry,
    EntryState as EntryState,
    Report as Report,
    Run as Run,
)
from bridge.model.source_records import (
    WHOLE_INVOICE as WHOLE_INVOICE,
    BalanceEntry as BalanceEntry,
    BalanceOrigin as BalanceOrigin,
    Checkpoint as Checkpoint,
    Client as Client,
    ClientBalance as ClientBalance,
    Gone as Gone,
    Header as Header,
    Invoice as Invoice,
    InvoiceState as InvoiceState,
    LineItem as LineItem,
    LineKind as LineKind,
    Missing as Missing,
    Prices as Prices,
    Seen as Seen,
    Transaction as Transaction,
    TransactionKind as TransactionKind,
    fingerprint as fingerprint,
    money_fingerprint as money_fingerprint,
)
from bridge.model.target_records import (
    CreditNote as CreditNote,
    Days as Days,
    Json as Json,
    Movement as Movement,
    MovementKind as MovementKind,
    Nothing as Nothing,
    PaidFrom as PaidFrom,
    Payload as Payload,
    Payment as Payment,
    Posting as Posting,
    Rate as Rate,
    Record as Record,
    RecordClass as RecordClass,
    Rule as Rule,
    Sale as Sale,
    SaleLine as SaleLine,
    TargetClient as TargetClient,
    TargetDocument as TargetDocument,
    TargetLine as TargetLine,
    TargetMovement as TargetMovement,
    TargetPayment as TargetPayment,
    TaxPart as TaxPart,
)
from bridge.plugin import (
    Choice as Choice,
    Conversation as Conversation,
    Decision as Decision,
    Question as Question,
    Sandbox as Sandbox,
    SourcePlugin as SourcePlugin,
    TargetPlugin as TargetPlugin,
    hookimpl as hookimpl,
)

# Plugins had no use for them. They go with 0.3.
_RETIRED = {
    "Choices": "bridge.engine.context",
    "FirstDocumentError": "bridge.errors",
    "LockHeldError": "bridge.errors",
    "LockLostError": "bridge.errors",
    "SandboxFactory": "bridge.plugin",
    "Skip": "bridge.model.reasons",
    "StepState": "bridge.model.run",
    "StoreError": "bridge.errors",
    "Totals": "bridge.model.run",
    "as_plain": "bridge.model.source_records",
    "tokens_in": "bridge.model.keys",
}


def __getattr__(name: str) -> object:
    """Return a name that the door no longer has, with a warning that it goes."""
    if name not in _RETIRED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name, obj=None)
    warnings.warn(
        f"bridge.api.{name} is of no use to a plugin and goes with bridge 0.3",
        DeprecationWarning,
        stacklevel=2,
    )
    return getattr(import_module(_RETIRED[name]), name)
