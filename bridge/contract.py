"""What a source and a target promise. The conformance suites in `bridge.testing` are its teeth.

Both are context managers that open nothing on the network before `check` is called. Every method
may raise `AccessError` (the run ends), `UnreachableError` (the run ends) and, where it reads,
`TransientError` (reading again is safe). A write raises `TransientError` only if it was provably
not sent, `RecordRejectedError` if the far side refused it, and `OutcomeUnknownError` for anything
in between.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    # Only annotations need them, and `bridge plugins list` is quick without.
    import datetime as dt
    from types import TracebackType

    from bridge.model.keys import Reference
    from bridge.model.reasons import Hold
    from bridge.model.refs import SourceRef, TargetRef
    from bridge.model.source_records import (
        BalanceEntry,
        Checkpoint,
        Client,
        ClientBalance,
        Gone,
        Header,
        Invoice,
        Missing,
        Seen,
        Transaction,
    )
    from bridge.model.target_records import (
        CreditNote,
        Days,
        Movement,
        Nothing,
        Payload,
        Payment,
        Posting,
        Record,
        Sale,
        TargetClient,
        TargetDocument,
        TargetMovement,
        TargetPayment,
    )


class Level(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `bridge validate-config --live`.

    Attributes:
        subject: What was looked at: ``gateway stripe``.
        what: What was found.
        remedy: What to do; empty when all is well.
    """

    level: Level
    subject: str
    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """The answer of `check`: the end is there and lets us in.

    Attributes:
        system: ``WHMCS 8.13.1``.
        findings: What an operator should know (a missing permission, an old version).
    """

    system: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Survey:
    """What the source uses, so that the target can say whether it is mapped.

    Attributes:
        base_currency: ISO 4217 of the source's own currency.
        currencies: ISO 4217 codes that clients are billed in.
        gateways: System names with how people call them.
        tax_rates: Percent, as far as the source tells; may be empty.
        unpaid_documents: ``proforma`` or ``vat_invoice`` where the source tells, else empty.
        line_types: The source's own words for lines that it is known to use.
    """

    base_currency: str
    currencies: tuple[str, ...]
    gateways: Mapping[str, str]
    tax_rates: tuple[str, ...] = ()
    unpaid_documents: str = ""
    line_types: tuple[str, ...] = ()


class Known(Protocol):
    """What the sync log knows, so that a source can compare sets without a store of its own."""

    def seen(self, refs: Collection[SourceRef]) -> Mapping[SourceRef, Seen]:
        """What is known of these invoices; unseen ones are absent from the answer."""
        ...

    def refs(self, status: str) -> Iterator[SourceRef]:
        """Invoices that had this status (the source's own word) when last seen.

        Ids that are numbers ascend, after all others, which stand in one order of their own.
        """
        ...

    def counts(self) -> Mapping[str, int]:
        """How many invoices had each status when last seen."""
        ...

    def newest(self) -> SourceRef | None:
        """The invoice with the highest number for an id ever seen; None without any such.

        A source whose ids are no numbers learns nothing from it, and tells what is new by time.
        """
        ...

    def booked(self, since: dt.date) -> Iterator[tuple[SourceRef, SourceRef]]:
        """(client, invoice) of what was booked on or after a day; clients together, as `refs`."""
        ...


@dataclass(frozen=True, slots=True)
class ScanPolicy:
    """How far a scan looks.

    Attributes:
        today: Local calendar day of the run.
        deep_scan_days: A full pass over the list is due when the last is this many days old.
        refund_days: How long after booking a client's transactions are read again.
    """

    today: dt.date
    deep_scan_days: int = 7
    refund_days: int = 90


def _no_guard() -> None:
    """Nothing stands in the way of a write."""


class Source(AbstractContextManager["Source"], abc.ABC):
    """A billing system, opened. All dates are local calendar days as it shows them.

    Its ids may be any text that is not empty and is never used again: `client_ref` and
    `invoice_ref` take them as they are, and `SourceRef.id` gives them back.
    """

    label: str
    """Prefix of references in the target (``WHMCS`` gives ``WHMCS-501``). Letters and digits."""

    base_currency: str
    """ISO 4217 of the currency that `Transaction.rate` is relative to; known after `check`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of connections. Called once."""

    @abc.abstractmethod
    def check(self) -> Health:
        """Sign in and read the version: the first call that may fail on the network.

        Raises:
            AccessError, UnreachableError: with a remedy that names what to change, and where.
        """

    @abc.abstractmethod
    def survey(self) -> Survey:
        """What is in use, for `validate-config --live` and `init`. A few calls."""

    @abc.abstractmethod
    def scan(
        self, cursor: str | None, known: Known, policy: ScanPolicy
    ) -> Iterator[Header | Gone | Checkpoint]:
        """Yield a header for each invoice that may have changed since `cursor`.

        It may yield too much, never too little; headers are compared by fingerprint. What was
        yielded before a `Checkpoint` is committed with it or before it, so an interrupted first
        scan goes on from its last checkpoint. The last thing yielded is a checkpoint.
        `cursor` is None on the first scan of a log.
        """

    @abc.abstractmethod
    def invoices(self, refs: Sequence[SourceRef]) -> Iterator[Invoice | Missing]:
        """One answer for each ref, in the order asked, complete with lines, money, containers."""

    @abc.abstractmethod
    def clients(self, refs: Sequence[SourceRef]) -> Iterator[Client | Missing]:
        """One answer for each ref, in the order asked."""

    @abc.abstractmethod
    def transactions(self, clients: Sequence[SourceRef]) -> Iterator[Transaction]:
        """Money of these clients, with or without an invoice; oldest row first per client."""

    def balances(self, clients: Sequence[SourceRef]) -> Iterator[BalanceEntry]:
        """Movements of these clients' prepaid balances, oldest first per client.

        A source without prepaid balances yields nothing, which is what this does.
        """
        del clients
        return iter(())

    def client_balances(self) -> Iterator[ClientBalance]:
        """Every prepaid balance that is not zero or ever moved, for reconciliation.

        A source without prepaid balances yields nothing, which is what this does.
        """
        return iter(())

    def client_balances_cost(self) -> int:
        """About how many calls `client_balances` would take."""
        return 0

    @abc.abstractmethod
    def records(self, days: Days) -> Iterator[Record]:
        """One row a document issued or paid in the period, drafts apart, and one a transaction.

        For reconciliation. A document's `date` is its day of issue.
        """

    @abc.abstractmethod
    def records_cost(self, days: Days) -> int:
        """About how many calls `records` would take."""


class Target(AbstractContextManager["Target"], abc.ABC):
    """An accounting system, opened.

    `compose_*` are pure once `prepare` was called: they translate, resolve names to ids and say
    which rule decided, and answer a `Hold` for what they are not certain of. `create_*` sends
    such a payload, no more and no less.
    """

    match_clients_by: tuple[str, ...] = ("code",)
    """How an existing client is recognised, in order: ``code``, ``email``."""

    home_currency: str
    """ISO 4217; known after `prepare`."""

    takes_balances: bool = False
    """Whether it knows where clients' balances go; known once opened."""

    before_write: Callable[[], None] = staticmethod(_no_guard)
    """Set by the engine. A target calls it immediately before the bytes of a write leave, on the
    thread that writes; what it raises means that nothing was sent and is passed on unchanged."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of connections. Called once."""

    @abc.abstractmethod
    def check(self) -> Health:
        """Sign in: the first call that may fail on the network.

        Raises:
            AccessError, UnreachableError: with a remedy that names what to change, and where.
        """

    @abc.abstractmethod
    def prepare(self) -> None:
        """Read the reference data and resolve every name in the settings. Once a run; read-only.

        Raises:
            ConfigError: listing every name that does not resolve, each with the nearest known.
        """

    @abc.abstractmethod
    def assess(self, survey: Survey) -> Iterator[Finding]:
        """Say, one line each, whether what the source uses is mapped. After `prepare`."""

    # What stands there -----------------------------------------------------------------------

    @abc.abstractmethod
    def clients(self) -> Iterator[TargetClient]:
        """Every client, as a stream."""

    @abc.abstractmethod
    def documents(
        self, days: Sequence[Days], clients: Collection[TargetRef] = ()
    ) -> Iterator[TargetDocument]:
        """Every invoice and credit note dated within `days` or belonging to `clients`; a stream.

        One may come twice.
        """

    @abc.abstractmethod
    def payments(self, document: TargetRef) -> Iterator[TargetPayment]:
        """The payments of one invoice or credit note."""

    removes_movements: bool = True
    """Whether `remove` can take back a movement."""

    lists_movements: bool = False
    """Whether `movements` tells what is there; without it movements cannot be read back."""

    def movements(self, days: Sequence[Days]) -> Iterator[TargetMovement]:
        """Movements dated within `days` on the accounts that bridge writes to; a stream."""
        del days
        return iter(())

    @abc.abstractmethod
    def find_client(self, payload: Payload) -> TargetRef | None:
        """The client that this payload made, by its natural key.

        Raises:
            AmbiguousMatchError: two have it.
        """

    @abc.abstractmethod
    def find_invoice(
        self, reference: Reference, *, client: TargetRef, day: dt.date
    ) -> TargetDocument | None:
        """The invoice or credit note whose reference field begins with this token.

        As a whole word: `Reference.heads`. What stands further on in the field is no token.
        `client` and `day` are where to look, since references are not searchable everywhere.

        Raises:
            AmbiguousMatchError: two hold it.
        """

    @abc.abstractmethod
    def find_payment(self, reference: Reference, *, document: TargetRef) -> TargetPayment | None:
        """The payment of `document` whose note begins with this token. Raises as `find_invoice`."""

    @abc.abstractmethod
    def find_movement(self, payload: Payload) -> TargetRef | None:
        """The movement that this payload made. Raises as `find_invoice`."""

    @abc.abstractmethod
    def records(self, days: Days) -> Iterator[Record]:
        """One row a document and a movement in the period, for reconciliation."""

    # What to write ---------------------------------------------------------------------------

    @abc.abstractmethod
    def compose_client(self, client: Client, reference: Reference) -> Payload | Hold:
        """What `create_client` and `update_client` would send."""

    @abc.abstractmethod
    def compose_invoice(self, sale: Sale) -> Payload | Hold:
        """What `create_invoice` would send, without the client's id."""

    @abc.abstractmethod
    def compose_payment(
        self, payment: Payment, invoice: Payload, earlier: Sequence[Payload]
    ) -> Payload | Hold | Nothing:
        """What `create_payment` would send, without the invoice's id.

        Args:
            payment: The money.
            invoice: The payload of the document it pays.
            earlier: Payloads of that document's earlier payments, so that the last of several
                in a foreign currency closes the document to the minor unit.
        """

    @abc.abstractmethod
    def compose_credit_note(self, note: CreditNote) -> Payload | Hold:
        """What `create_credit_note` would send."""

    def compose_reversal(
        self, booked: Payload, *, reference: Reference, date: dt.date, number: str
    ) -> Payload | Hold:
        """What `create_credit_note` would send to take back a document just as it was booked.

        Each line goes back on the account and with the tax code that it was booked with, whatever
        the settings say by now. A target that cannot say so answers a hold, which this does.

        Args:
            booked: The payload of the document.
            reference: The note's own.
            date: The note's day.
            number: How the target numbers the document, for the text.
        """
        from bridge.model.reasons import Hold, Reason

        del reference, date
        return Hold(
            Reason.REFUND_POLICY,
            f"this target has no way to take back {booked.kind} {number} by a credit note",
            "write the credit note by hand",
        )

    @abc.abstractmethod
    def compose_movement(self, movement: Movement) -> Payload | Hold | Nothing:
        """What `create_movement` would send."""

    def journal(self, payload: Payload) -> tuple[Posting, ...]:
        """What an accountant would write for a composed document, payment or movement. Pure.

        Debits and credits are equal in each currency. Nothing for a client, and from a target
        that cannot say.
        """
        del payload
        return ()

    # Writing ---------------------------------------------------------------------------------

    @abc.abstractmethod
    def create_client(self, payload: Payload) -> TargetRef:
        """Make a client. It is refused (`RecordRejectedError`) where the natural key exists."""

    @abc.abstractmethod
    def update_client(self, client: TargetRef, payload: Payload) -> None:
        """Bring an existing client to this payload; fields that are not ours stay as they are."""

    @abc.abstractmethod
    def adopt_client(self, client: TargetRef, payload: Payload) -> None:
        """Mark an existing client as ours (its reference field), and nothing else."""

    @abc.abstractmethod
    def create_invoice(self, payload: Payload, *, client: TargetRef) -> TargetRef:
        """Make an invoice with its lines, in one call."""

    @abc.abstractmethod
    def create_payment(self, payload: Payload, *, document: TargetRef) -> TargetRef:
        """Set money against an invoice; a negative amount pays out on a credit note."""

    @abc.abstractmethod
    def create_credit_note(
        self, payload: Payload, *, client: TargetRef, original: TargetRef
    ) -> TargetRef:
        """Make a credit note. It is not applied to the original by this."""

    @abc.abstractmethod
    def apply_credit_note(self, note: TargetRef, *, original: TargetRef) -> None:
        """Set a credit note against its original. Does nothing where it is so already."""

    @abc.abstractmethod
    def create_movement(self, payload: Payload) -> TargetRef:
        """Move money on an account: a fee, a balance movement, an exchange difference."""

    @abc.abstractmethod
    def remove(self, ref: TargetRef, *, document: TargetRef | None = None) -> None:
        """Take back what bridge wrote, for `undo`. `document` is whose payment it is.

        Raises:
            RecordRejectedError: the target does not let it go, or has no way to.
        """
