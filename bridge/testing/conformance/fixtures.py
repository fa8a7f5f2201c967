"""What a suite needs of a system under test: its far side, running, and ways to disturb it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from bridge.api import Source, SourceRef, Target, TargetRef

Happened = Callable[[], bool]


class Misbehave(Protocol):
    """Arms the far side to misbehave at a method of the contract."""

    def __call__(self, name: str, mode: str, nth: int = 1, *, seconds: float = 0.0) -> Happened:
        """From now on, at the nth call that `name` makes.

        Args:
            name: A method of the contract (``create_invoice``).
            mode: A word of `bridge.testing.faults.Mode`.
            nth: Counted from 1.
            seconds: After how long a ``late_commit`` is done.

        Returns:
            A function that says whether it has happened: else a test would prove nothing.
        """
        ...


class Foreign(Protocol):
    """A field of a client in the target that bridge does not know: a person's note."""

    def write(self, client: TargetRef, text: str) -> None:
        """As a person at the far side's keyboard would."""
        ...

    def read(self, client: TargetRef) -> str:
        """What stands there now."""
        ...


@dataclass(frozen=True, slots=True)
class TargetStand:
    """A target with its far side.

    What is None is asked for by a test that needs it; a suite that cannot give it exempts those
    tests with a reason.

    Attributes:
        open: A fresh target with settings that map what the attributes below name; no method of
            it was called yet. May be called several times: all talk to the same far side.
        misbehave: Arms a fault.
        foreign: A field that updates must leave alone.
        calls: The names of all calls that reached the far side so far.
        locked_out: As `open`, with a password that is wrong.
        nobody_there: As `open`, with an address at which nothing answers.
        misnamed: As `open`, with settings that name two things the far side does not have.
        misnamed_words: Those two names.
        secrets: Texts that must never be shown.
        gateway: A gateway that is mapped, for the currencies below.
        unmapped_gateway: One that is not.
        line_type: A line type that is mapped.
        tax_rate: Percent that a client in `country` may be charged.
        country: ISO 3166 alpha-2.
        currency: The home currency.
        foreign_currency: Another that the far side has; one of the home currency buys
            `foreign_units` of it.
        unknown_currency: One that it has not.
        unknown_rate: Percent that no rule allows.
        source_id: How the source would write an id: a target carries any.
    """

    open: Callable[[], Target]
    misbehave: Misbehave | None = None
    foreign: Foreign | None = None
    calls: Callable[[], Sequence[str]] | None = None
    locked_out: Callable[[], Target] | None = None
    nobody_there: Callable[[], Target] | None = None
    misnamed: Callable[[], Target] | None = None
    misnamed_words: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    gateway: str = "stripe"
    unmapped_gateway: str = "worldpay_old"
    line_type: str = "Hosting"
    tax_rate: Decimal = Decimal(20)
    country: str = "GB"
    currency: str = "GBP"
    foreign_currency: str = "EUR"
    foreign_units: Decimal = Decimal("1.17")
    unknown_currency: str = "JPY"
    unknown_rate: Decimal = Decimal("13.5")
    source_id: Callable[[int], str] = str


@dataclass(frozen=True, slots=True)
class SourceStand:
    """A source with its far side, which holds at least one invoice of every common kind.

    Attributes:
        open: A fresh source. May be called several times: all talk to the same far side.
        misbehave: Arms a fault.
        add: Makes a new invoice at the far side and answers its ref.
        change: Changes an existing invoice, such as by paying it, and answers its ref.
        delete: Deletes an existing invoice and answers its ref.
        calls, locked_out, nobody_there, secrets: As `TargetStand`.
    """

    open: Callable[[], Source]
    misbehave: Misbehave | None = None
    add: Callable[[], SourceRef] | None = None
    change: Callable[[], SourceRef] | None = None
    delete: Callable[[], SourceRef] | None = None
    calls: Callable[[], Sequence[str]] | None = None
    locked_out: Callable[[], Source] | None = None
    nobody_there: Callable[[], Source] | None = None
    secrets: tuple[str, ...] = ()
