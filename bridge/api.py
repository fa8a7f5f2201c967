"""The public door for plugin authors: everything a plugin may import of bridge.

A name that is here keeps its meaning within a major version. Each is loaded when it is first asked
for (PEP 562), so that a start which needs only a plugin's offer does not pay for the model.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.contract import (
        Choices,
        Finding,
        Health,
        Known,
        Level,
        ScanPolicy,
        Source,
        Survey,
        Target,
    )
    from bridge.errors import (
        AccessError,
        AmbiguousMatchError,
        BridgeError,
        ConfigError,
        FirstDocumentError,
        LockHeldError,
        LockLostError,
        OutcomeUnknownError,
        Problem,
        RecordRejectedError,
        StoreError,
        TransientError,
        UnreachableError,
        UsageError,
    )
    from bridge.hookspecs import (
        hookimpl,
    )
    from bridge.model.money import (
        Money,
        minor_digits,
        rounded,
        spread,
        total,
    )
    from bridge.model.reasons import (
        Hold,
        Reason,
        Skip,
    )
    from bridge.model.refs import (
        Kind,
        Reference,
        SourceRef,
        TargetRef,
        client_ref,
        invoice_ref,
        payment_ref,
        token_of,
        tokens_in,
    )
    from bridge.model.run import (
        Entry,
        EntryState,
        Report,
        Run,
        StepState,
        Totals,
    )
    from bridge.model.source_records import (
        WHOLE_INVOICE,
        BalanceEntry,
        BalanceOrigin,
        Checkpoint,
        Client,
        ClientBalance,
        Gone,
        Header,
        Invoice,
        InvoiceState,
        LineItem,
        LineKind,
        Missing,
        Prices,
        Seen,
        Transaction,
        TransactionKind,
        as_plain,
        fingerprint,
        money_fingerprint,
    )
    from bridge.model.target_records import (
        CreditNote,
        Days,
        Json,
        Movement,
        MovementKind,
        Nothing,
        PaidFrom,
        Payload,
        Payment,
        Posting,
        Rate,
        Record,
        RecordClass,
        Rule,
        Sale,
        SaleLine,
        TargetClient,
        TargetDocument,
        TargetLine,
        TargetMovement,
        TargetPayment,
        TaxPart,
    )
    from bridge.plugin import (
        Choice,
        Conversation,
        Decision,
        Question,
        Sandbox,
        SandboxFactory,
        SourcePlugin,
        TargetPlugin,
    )

_HOMES = {
    "bridge.contract": "Choices Finding Health Known Level ScanPolicy Source Survey Target",
    "bridge.errors": """
        AccessError AmbiguousMatchError BridgeError ConfigError FirstDocumentError
        LockHeldError LockLostError OutcomeUnknownError Problem RecordRejectedError
        StoreError TransientError UnreachableError UsageError
    """,
    "bridge.hookspecs": "hookimpl",
    "bridge.model.target_records": """
        CreditNote Days Json Movement MovementKind Nothing PaidFrom Payload Payment Posting
        Rate Record RecordClass Rule Sale SaleLine TargetClient TargetDocument TargetLine
        TargetMovement TargetPayment TaxPart
    """,
    "bridge.model.money": "Money minor_digits rounded spread total",
    "bridge.model.reasons": "Hold Reason Skip",
    "bridge.model.source_records": """
        WHOLE_INVOICE BalanceEntry BalanceOrigin Checkpoint Client ClientBalance Gone Header
        Invoice InvoiceState LineItem LineKind Missing Prices Seen Transaction TransactionKind
        as_plain fingerprint money_fingerprint
    """,
    "bridge.model.refs": """
        Kind Reference SourceRef TargetRef client_ref invoice_ref payment_ref token_of
        tokens_in
    """,
    "bridge.model.run": "Entry EntryState Report Run StepState Totals",
    "bridge.plugin": """
        Choice Conversation Decision Question Sandbox SandboxFactory SourcePlugin TargetPlugin
    """,
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> object:
    """Load a name from where it is defined, and keep it."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name, obj=None)
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME_OF])


__all__ = [
    "WHOLE_INVOICE",
    "AccessError",
    "AmbiguousMatchError",
    "BalanceEntry",
    "BalanceOrigin",
    "BridgeError",
    "Checkpoint",
    "Choice",
    "Choices",
    "Client",
    "ClientBalance",
    "ConfigError",
    "Conversation",
    "CreditNote",
    "Days",
    "Decision",
    "Entry",
    "EntryState",
    "Finding",
    "FirstDocumentError",
    "Gone",
    "Header",
    "Health",
    "Hold",
    "Invoice",
    "InvoiceState",
    "Json",
    "Kind",
    "Known",
    "Level",
    "LineItem",
    "LineKind",
    "LockHeldError",
    "LockLostError",
    "Missing",
    "Money",
    "Movement",
    "MovementKind",
    "Nothing",
    "OutcomeUnknownError",
    "PaidFrom",
    "Payload",
    "Payment",
    "Posting",
    "Prices",
    "Problem",
    "Question",
    "Rate",
    "Reason",
    "Record",
    "RecordClass",
    "RecordRejectedError",
    "Reference",
    "Report",
    "Rule",
    "Run",
    "Sale",
    "SaleLine",
    "Sandbox",
    "SandboxFactory",
    "ScanPolicy",
    "Seen",
    "Skip",
    "Source",
    "SourcePlugin",
    "SourceRef",
    "StepState",
    "StoreError",
    "Survey",
    "Target",
    "TargetClient",
    "TargetDocument",
    "TargetLine",
    "TargetMovement",
    "TargetPayment",
    "TargetPlugin",
    "TargetRef",
    "TaxPart",
    "Totals",
    "Transaction",
    "TransactionKind",
    "TransientError",
    "UnreachableError",
    "UsageError",
    "as_plain",
    "client_ref",
    "fingerprint",
    "hookimpl",
    "invoice_ref",
    "minor_digits",
    "money_fingerprint",
    "payment_ref",
    "rounded",
    "spread",
    "token_of",
    "tokens_in",
    "total",
]
