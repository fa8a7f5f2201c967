"""Every error of bridge, sorted by what happens next.

    BridgeError
    ├── ConfigError            bridge.yaml or a mapping is wrong       no write; exit 2
    ├── TransientError         provably not sent, or a read failed     try again with backoff
    ├── OutcomeUnknownError    sent, and no usable answer              look in the target first
    ├── RecordRejectedError    the far side refused this record        the invoice fails
    ├── AmbiguousMatchError    a unique key was found twice            it waits for a person
    ├── AccessError            login, permission, address not allowed  the run ends; exit 10
    ├── UnreachableError       an end does not answer                  the run ends; exit 12
    ├── LockHeldError          another run is at work                  no run; exit 11
    ├── LockLostError          another run took the lock from this one the run ends; exit 11
    ├── FirstDocumentError     the first document came out wrong       the run ends; exit 3
    ├── StoreError             the sync log cannot be read or written  the run ends; exit 1
    ├── PluginError            a plugin raised what no contract allows the run ends; exit 1
    └── UsageError             a command was asked the impossible      exit 2

A message is a fact in the past tense; the remedy is an order to the reader.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class BridgeError(Exception):
    """The root: what happened, to which record, and what to do about it.

    Attributes:
        what: What happened, as a fact, naming the thing. Never holds a secret.
        remedy: What the reader should do now. Required, so it cannot be forgotten.
        record: The record concerned (``invoice 501``), or an empty string.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, remedy: str, record: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.record = record

    def __str__(self) -> str:
        return f"{self.record}: {self.what}" if self.record else self.what


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in the configuration.

    Attributes:
        what: What is wrong, naming the key or the name.
        remedy: What to write instead.
        where: ``file:line:column`` or empty when it has no place in a file.
        key: Dotted path of the setting, such as ``target.gateways.stripe``.
    """

    what: str
    remedy: str
    where: str = ""
    key: str = ""


class ConfigError(BridgeError):
    """bridge.yaml, or a name in it that the target does not have. Carries every problem found."""

    code = "config"
    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(first.what + more, remedy=first.remedy, record=first.where)
        self.problems = tuple(problems)


class UsageError(BridgeError):
    """A command was asked for something that cannot be done as asked."""

    code = "usage"
    exit_code = 2


class TransientError(BridgeError):
    """Provably not sent, or only a read failed: trying again is safe.

    Attributes:
        retry_after_s: Seconds that the far side asked us to wait, or None.
    """

    code = "transient"
    exit_code = 12

    def __init__(
        self, what: str, *, remedy: str, record: str = "", retry_after_s: float | None = None
    ) -> None:
        super().__init__(what, remedy=remedy, record=record)
        self.retry_after_s = retry_after_s


class OutcomeUnknownError(BridgeError):
    """A write was sent and no usable answer came: it may have happened."""

    code = "outcome_unknown"
    exit_code = 4


class RecordRejectedError(BridgeError):
    """The far side understood the request and refused this record. Nothing was written.

    Attributes:
        reason: A reason code when the refusal is a known one (``period_locked``), else empty.
        text: The far side's own words.
    """

    code = "rejected"
    exit_code = 3

    def __init__(
        self, what: str, *, remedy: str, record: str = "", reason: str = "", text: str = ""
    ) -> None:
        super().__init__(what, remedy=remedy, record=record)
        self.reason = reason
        self.text = text


class AmbiguousMatchError(BridgeError):
    """A key that should be unique was found more than once. bridge never picks one."""

    code = "ambiguous"
    exit_code = 4


class AccessError(BridgeError):
    """Login refused, permission missing, API disabled or address not allowed."""

    code = "access"
    exit_code = 10


class UnreachableError(BridgeError):
    """An end does not answer at all."""

    code = "unreachable"
    exit_code = 12


class LockHeldError(BridgeError):
    """Another run holds the lock of this bridge."""

    code = "locked"
    exit_code = 11


class LockLostError(BridgeError):
    """This run's lease ran out and another run may have taken over: nothing more is written."""

    code = "lock_lost"
    exit_code = 11


class FirstDocumentError(BridgeError):
    """The first document of its kind, read back, differs from what was sent: no second is sent."""

    code = "first_document"
    exit_code = 3


class StoreError(BridgeError):
    """The sync log could not be opened, read or written."""

    code = "store"
    exit_code = 1


class PluginError(BridgeError):
    """A plugin raised what the contract does not allow: its own fault, told with whose it is."""

    code = "plugin"
    exit_code = 1


class PluginOutcomeError(OutcomeUnknownError):
    """A plugin raised so from a write, which may have been sent; after that the run ends."""

    code = "plugin_outcome"
    exit_code = 1
