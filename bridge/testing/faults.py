"""What can go wrong on the way to a far side, and a far side in memory that can be made to."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from bridge.api import (
    AccessError,
    BridgeError,
    OutcomeUnknownError,
    RecordRejectedError,
    TransientError,
    UnreachableError,
)

Result = TypeVar("Result")


DONE_UNHEARD = ("lost_reply", "half_reply", "garbage", "http_500_after")
"""Modes in which the work is done and the caller does not learn of it."""

NOT_DONE = ("cut_before", "html", "http_500", "http_503", "http_429")
"""Modes in which nothing is done, and the caller may or may not be able to tell."""


class Died(BaseException):
    """The process was killed here, as far as a test can do that without killing itself.

    Not an Exception, so that no handler takes it for an error of the far side. Unlike a real
    SIGKILL it does run `finally` blocks.
    """


class Mode(StrEnum):
    """How a far side misbehaves.

    The first group are the words that sandboxes take at the wire; in memory, where there is no
    wire, those that come to the same are the same.
    """

    CUT_BEFORE = "cut_before"  # the connection closes, nothing was done
    LOST_REPLY = "lost_reply"  # it was done, and no reply came
    HALF_REPLY = "half_reply"  # it was done, and half of the reply came
    GARBAGE = "garbage"  # it was done, and the reply makes no sense
    HTML = "html"  # a maintenance page, nothing was done
    HTTP_500 = "http_500"  # nothing was done
    HTTP_503 = "http_503"
    HTTP_429 = "http_429"
    HTTP_500_AFTER = "http_500_after"  # it was done, and an error page came
    LATE_COMMIT = "late_commit"  # no reply came, and it is done afterwards
    REFUSE = "refuse"  # the far side says no
    SLOW = "slow"

    UNSENT = "unsent"  # provably nothing left this machine
    ACCESS = "access"  # credentials are refused
    UNREACHABLE = "unreachable"
    DIE_BEFORE = "die_before"  # the process dies, nothing was done
    DIE_AFTER = "die_after"  # it was done, and the process dies


@dataclass(slots=True, eq=False)
class Fault:
    """One misbehaviour, armed.

    Attributes:
        name: The method it befalls (``create_invoice``), or ``*``.
        mode: As text or as `Mode`.
        nth: Fires on this matching call, counted from 1 since it was armed.
        times: On so many calls in a row.
        seconds: How long `slow` waits, and after how long a `late_commit` is done.
        looks: A `late_commit` without seconds stays invisible to so many reads.
        reason, text: Of a refusal.
    """

    name: str
    mode: str
    nth: int = 1
    times: int = 1
    seconds: float = 0.0
    looks: int = 0
    reason: str = ""
    text: str = "The record could not be saved."
    calls: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.mode = Mode(self.mode)  # a misspelt one would never fire as meant

    def fires(self, name: str) -> bool:
        """Count a call, and say whether it is the one."""
        if self.name not in {name, "*"}:
            return False
        self.calls += 1
        return self.nth <= self.calls < self.nth + self.times


@dataclass(slots=True, eq=False)
class _Late:
    do: Callable[[], object]
    due: float | None
    looks: int


class FarSide:
    """A remote system in memory: counts its calls by name, and misbehaves as told.

    Attributes:
        calls: How often each method was called; what `before_write` stopped is not counted.
        faults: Armed misbehaviours. A test appends and removes at will.
    """

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.faults: list[Fault] = []
        self._lock = threading.RLock()
        self._late: list[_Late] = []

    def misbehave(
        self, name: str, mode: str, nth: int = 1, *, seconds: float = 0.0
    ) -> Callable[[], bool]:
        """Arm a fault, as the suites want it: see `conformance.fixtures.Misbehave`."""
        fault = Fault(name, mode, nth, seconds=seconds)
        self.faults.append(fault)
        return lambda: fault.calls >= nth

    def reading(self, name: str, do: Callable[[], Result]) -> Result:
        """Answer a read, unless a fault is due.

        Raises:
            TransientError: for every fault but those that have an error of their own.
        """
        fault = self._called(name)
        if fault is None:
            return self._look(do)
        if fault.mode == Mode.SLOW:
            time.sleep(fault.seconds)
            return self._look(do)
        failure = _failure(fault, name)
        if failure is None or isinstance(failure, RecordRejectedError):
            failure = TransientError(f"the reply to {name} was lost", remedy="try again")
        raise failure

    def writing(self, name: str, do: Callable[[], Result]) -> Result:
        """Do a write, with the fault that is due."""
        fault = self._called(name)
        if fault is None:
            with self._lock:
                return do()
        failure = _failure(fault, name)
        if failure is not None and fault.mode != Mode.DIE_AFTER:
            raise failure
        match fault.mode:
            case _ if fault.mode in NOT_DONE:
                pass
            case Mode.LATE_COMMIT:
                due = time.monotonic() + fault.seconds if fault.seconds else None
                with self._lock:
                    self._late.append(_Late(do, due, fault.looks))
            case Mode.SLOW:
                time.sleep(fault.seconds)
                with self._lock:
                    return do()
            case _:
                with self._lock:
                    do()
        raise failure or OutcomeUnknownError(
            f"no reply to {name} came", remedy="look in the target before sending it again"
        )

    def _called(self, name: str) -> Fault | None:
        with self._lock:
            self._land_by_time()
            self.calls[name] += 1
            firing = [fault for fault in self.faults if fault.fires(name)]
        return firing[0] if firing else None

    def _land_by_time(self) -> None:
        now = time.monotonic()
        due = [late for late in self._late if late.due is not None and late.due <= now]
        self._late = [late for late in self._late if late not in due]
        for late in due:
            _quietly(late.do)

    def _look(self, do: Callable[[], Result]) -> Result:
        """A read; a late commit lands by itself once enough reads have missed it."""
        with self._lock:
            missed: list[_Late] = []
            for late in self._late:
                if late.due is None and not late.looks:
                    _quietly(late.do)
                    continue
                late.looks = max(0, late.looks - 1)
                missed.append(late)
            self._late = missed
            return do()


def _quietly(do: Callable[[], object]) -> None:
    try:
        do()
    except RecordRejectedError:
        return  # a late write may be refused as any other; nobody is left to hear it


def _failure(fault: Fault, name: str) -> BaseException | None:
    mode = Mode(fault.mode)
    if mode in {Mode.DIE_BEFORE, Mode.DIE_AFTER}:
        return Died(f"{mode.value} {name}")
    return _error(mode, fault, name)


def _error(mode: Mode, fault: Fault, name: str) -> BridgeError | None:
    match mode:
        case Mode.REFUSE:
            return RecordRejectedError(
                f"{name} was refused: {fault.text}",
                remedy="correct the record in the source, then run again",
                reason=fault.reason,
                text=fault.text,
            )
        case Mode.UNSENT:
            return TransientError(f"{name} could not be sent", remedy="try again")
        case Mode.ACCESS:
            return AccessError("the login was refused", remedy="check the password")
        case Mode.UNREACHABLE:
            return UnreachableError("the far side does not answer", remedy="check the network")
        case _:
            return None
