"""An opened source or target behind a guard: each member of the contract, by construction.

A fault in a plugin leaves a guarded end as a `PluginError`, or from a call that writes as a
`PluginOutcomeError`. All that the contract allows passes unchanged.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from types import FunctionType, TracebackType
from typing import Any, Self, cast

from bridge.contract import Source, Target
from bridge.errors import BridgeError
from bridge.registry.plugin_calls import ALLOWED, FAULTS, PluginCalls

WRITES = ("create_", "update_", "adopt_", "apply_", "remove")
"""How the names of those methods begin that send a write."""

_log = logging.getLogger("bridge.plugins")


def guarded_source(source: Source, calls: PluginCalls) -> Source:
    """Return the same source behind a guard."""
    return cast("Source", _GuardedSource(source, calls))


def guarded_target(target: Target, calls: PluginCalls) -> Target:
    """Return the same target behind a guard."""
    return cast("Target", _GuardedTarget(target, calls))


class _Guard:
    """What both guarded ends have in common: entering and leaving."""

    role = ""

    def __init__(self, inner: Any, calls: PluginCalls) -> None:
        self._inner = inner
        self._calls = calls

    def __enter__(self) -> Self:
        with self._calls.call(f"{self.role}.__enter__"):
            self._inner = self._inner.__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._let_go(lambda: self._inner.__exit__(exc_type, exc, traceback), exc)

    def close(self) -> None:
        """Let go of connections."""
        self._let_go(self._inner.close)

    def _let_go(self, call: Callable[[], None], passing: BaseException | None = None) -> None:
        """All work is done: a fault in letting go must not hide how it ended."""
        try:
            call()
        except ALLOWED:
            raise
        except FAULTS as error:
            if error is not passing:
                told = self._calls.failed(f"{self.role}.close", error)
                _log.warning("%s; all else went on. To do: %s", told.what, self._calls.report)


_Told = Callable[[PluginCalls, str, BaseException], BridgeError]


def _method(name: str, call: str, told: _Told) -> Callable[..., Any]:
    def method(self: _Guard, *given: Any, **named: Any) -> Any:
        try:
            return getattr(self._inner, name)(*given, **named)
        except ALLOWED:
            raise
        except FAULTS as error:
            raise told(self._calls, call, error) from error

    return method


def _stream(name: str, call: str) -> Callable[..., Any]:
    def items(calls: PluginCalls, found: Iterable[Any]) -> Iterator[Any]:
        with calls.call(call):
            yield from found

    begun = _method(name, call, PluginCalls.failed)

    def method(self: _Guard, *given: Any, **named: Any) -> Iterator[Any]:
        return items(self._calls, begun(self, *given, **named))

    return method


def _attribute(name: str, call: str) -> property:
    def read(self: _Guard) -> Any:
        with self._calls.call(call):
            return getattr(self._inner, name)

    def write(self: _Guard, value: Any) -> None:
        setattr(self._inner, name, value)

    return property(read, write)


def _guarded(contract: type, role: str) -> Callable[[Any, PluginCalls], Any]:
    """Return the class that forwards all that the contract declares."""
    members: dict[str, Any] = {"role": role}
    for name in {**vars(contract), **contract.__annotations__}:
        member, call = vars(contract).get(name), f"{role}.{name}"
        if name.startswith("_") or name in vars(_Guard):
            continue
        if not isinstance(member, FunctionType):
            members[name] = _attribute(name, call)
        elif str(member.__annotations__["return"]).startswith("Iterator"):
            members[name] = _stream(name, call)
        else:
            told = PluginCalls.uncertain if name.startswith(WRITES) else PluginCalls.failed
            members[name] = _method(name, call, told)
    return type(contract)(f"Guarded{contract.__name__}", (_Guard, contract), members)


_GuardedSource = _guarded(Source, "source")
_GuardedTarget = _guarded(Target, "target")
