"""Each member of the contract passes the guard, and only a fault of a plugin is told as one."""

import inspect
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest

from bridge.api import ConfigError, OutcomeUnknownError, Problem, Source, Target, TransientError
from bridge.errors import PluginError, PluginOutcomeError
from bridge.registry import Origin
from bridge.registry.guarded_ends import guarded_source, guarded_target
from bridge.registry.plugin_calls import PluginCalls

CALLS = PluginCalls(Origin("acme-books", "1.2.3", "acme = acme_books", "", editable=False))
GUARDS: dict[type, Any] = {Source: guarded_source, Target: guarded_target}
WRITTEN = {
    "create_client", "update_client", "adopt_client", "create_invoice", "create_payment",
    "create_credit_note", "apply_credit_note", "create_movement", "remove",
}  # fmt: skip


def _members(contract: type) -> list[str]:
    names = {**vars(contract), **contract.__annotations__}
    return [name for name in names if not name.startswith("_")]


MEMBERS = [(contract, name) for contract in GUARDS for name in _members(contract)]


class Recorder:
    """Stands in for either end: notes what is asked of it, or raises."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.asked: list[object] = []

    def __getattr__(self, name: str) -> Any:
        def call(*given: object, **named: object) -> Iterator[object]:
            self.asked.append((name, given, named))
            if self.error:
                raise self.error
            return iter(("answer",))

        return call


def _call(contract: type, name: str, inner: Recorder) -> Any:
    found = getattr(GUARDS[contract](inner, CALLS), name)("given", named="by name")
    return list(found) if isinstance(found, Iterator) else found


@pytest.mark.parametrize(("contract", "name"), MEMBERS)
def test_every_member_is_asked_of_the_plugin(contract: type, name: str) -> None:
    inner = Recorder()
    guarded = GUARDS[contract](inner, CALLS)
    if inspect.isfunction(vars(contract).get(name)) and name != "close":
        assert _call(contract, name, inner) == ["answer"]
        assert inner.asked == [(name, ("given",), {"named": "by name"})]
    elif name != "close":
        setattr(guarded, name, "set")
        assert vars(inner)[name] == getattr(guarded, name) == "set"


@pytest.mark.parametrize(
    ("contract", "name"),
    [pair for pair in MEMBERS if inspect.isfunction(vars(pair[0]).get(pair[1]))],
)
def test_a_fault_is_told_with_the_call_and_a_write_as_of_unknown_outcome(
    contract: type, name: str
) -> None:
    call = f"{contract.__name__.lower()}.{name}"
    if name == "close":
        return
    kind = PluginOutcomeError if name in WRITTEN else PluginError
    with pytest.raises(kind) as caught:
        _call(contract, name, Recorder(KeyError("colour")))
    words = f"the plugin acme (acme-books 1.2.3) failed in {call}: KeyError: 'colour'"
    assert caught.value.what.startswith(words)
    assert "whoever publishes acme-books" in caught.value.remedy
    assert isinstance(caught.value, OutcomeUnknownError) == (name in WRITTEN)


@pytest.mark.parametrize(
    "error",
    [
        TransientError("busy", remedy="wait"),
        ConfigError([Problem("wrong", "right")]),
        MemoryError(),
        KeyboardInterrupt(),
    ],
)
@pytest.mark.parametrize("name", ["create_invoice", "find_client", "documents"])
def test_what_the_contract_allows_passes_unchanged(name: str, error: BaseException) -> None:
    with pytest.raises(type(error)) as caught:
        _call(Target, name, Recorder(error))
    assert caught.value is error


def test_a_stream_that_breaks_half_way_has_yielded_what_came_before() -> None:
    class Broken:
        def scan(self) -> Iterator[int]:
            yield 1
            raise LookupError

    read: Any = guarded_source(Broken(), CALLS)  # type: ignore[arg-type]  # all that is asked of it
    items = read.scan()
    assert next(items) == 1
    with pytest.raises(PluginError, match=r"failed in source\.scan: LookupError"):
        next(items)


def test_a_fault_in_letting_go_does_not_hide_how_the_work_ended(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Clinging:
        def __enter__(self) -> "Clinging":
            return self

        def __exit__(self, *_: object) -> NoReturn:
            raise OSError("no such handle")

    with guarded_target(Clinging(), CALLS):  # type: ignore[arg-type]  # all that is asked of it
        pass
    assert "acme-books 1.2.3) failed in target.close: OSError: no such handle" in caplog.text
    with pytest.raises(ValueError, match="the work"), guarded_target(Clinging(), CALLS):  # type: ignore[arg-type]
        raise ValueError("the work")
