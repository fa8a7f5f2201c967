"""A plugin's own sandbox as the stand of a suite.

What is needed of the sandbox beyond `bridge.api.Sandbox` is its control surface, on the same port:
``PUT /_sandbox/faults``, ``GET /_sandbox/calls`` and ``POST /_sandbox/do``.
"""

import http.client
import json
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from bridge.api import Sandbox, Source, SourcePlugin, SourceRef, Target, TargetPlugin
from bridge.testing.conformance.fixtures import Foreign, Happened, SourceStand, TargetStand

WRONG_SECRET = "wrong-canary-5b71e0"  # noqa: S105  # it opens nothing
End = TypeVar("End", Source, Target)


@dataclass(frozen=True, slots=True)
class Controls:
    """A sandbox's control surface.

    Attributes:
        address: Where the sandbox listens; only host and port matter.
        operations: The far side's own name for a method of the contract
            (``create_invoice`` -> ``InsertInvoice``), by which a fault is armed.
    """

    address: str
    operations: Mapping[str, str]

    def misbehave(self, name: str, mode: str, nth: int = 1, *, seconds: float = 0.0) -> Happened:
        """Arm one fault, and no other. See `bridge.testing.conformance.fixtures.Misbehave`.

        Raises:
            KeyError: `operations` does not name the method.
        """
        fault = {"name": self.operations[name], "mode": mode, "nth": nth, "times": 1}
        if seconds:
            fault["seconds"] = seconds
        self.ask("PUT", "faults", [fault])
        return lambda: not self.ask("GET", "faults")

    def calls(self) -> list[str]:
        """The names of all calls so far."""
        return [call["name"] for call in self.ask("GET", "calls")["calls"]]

    def do(self, **act: Any) -> Any:
        """One act of a person at the far side's keyboard, in the sandbox's own words."""
        return self.ask("POST", "do", act)

    def ask(self, method: str, what: str, body: object = None) -> Any:
        """One request to ``/_sandbox/<what>``.

        Raises:
            RuntimeError: the sandbox did not take it, with its words.
        """
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=10)
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, f"/_sandbox/{what}", content)
            reply = connection.getresponse()
            text = reply.read().decode()
        finally:
            connection.close()
        if reply.status != http.HTTPStatus.OK:
            msg = f"{method} /_sandbox/{what}: {reply.status} {text}"
            raise RuntimeError(msg)
        return json.loads(text)


@dataclass(frozen=True, slots=True)
class _Opener(Generic[End]):
    """Opens an end on a running sandbox with a suite's settings, or with some of them wrong."""

    model: type[Any]
    open: Callable[[Any], End]
    section: Mapping[str, Any]
    key: str

    def __call__(self, **changes: object) -> End:
        return self.open(self.model.model_validate({**self.section, **changes}))

    def secrets(self) -> dict[str, str]:
        """The secret settings by name."""
        settings = self.model.model_validate(dict(self.section))
        values = {name: getattr(settings, name) for name in self.model.model_fields}
        return {
            name: value.get_secret_value()
            for name, value in values.items()
            if hasattr(value, "get_secret_value")
        }

    def locked_out(self) -> End:
        """With every secret wrong."""
        return self(**dict.fromkeys(self.secrets(), WRONG_SECRET))

    def nobody_there(self) -> End:
        """With an address at which nothing listens."""
        address = urlsplit(str(self.section[self.key]))
        nowhere = address._replace(netloc=f"127.0.0.1:{_closed_port()}")
        return self(**{self.key: nowhere.geturl()})


def _closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def target_stand(
    offer: TargetPlugin,
    directory: Path,
    *,
    settings: Mapping[str, Any],
    operations: Mapping[str, str],
    foreign: Callable[[Controls], Foreign] | None = None,
    misnamed: Mapping[str, Any] | None = None,
    misnamed_words: Sequence[str] = (),
    switches: Mapping[str, str] | None = None,
    **terms: Any,
) -> Iterator[TargetStand]:
    """Start a target plugin's sandbox in `directory` and describe it to the suite.

    Args:
        settings: What the section ``target:`` says besides what the sandbox itself gives.
        operations: As `Controls`.
        misnamed: Settings that replace others, holding `misnamed_words`, names that do not exist.
        switches: Of the sandbox.
        terms: Attributes of `TargetStand` that differ from its defaults.
    """
    with offer.sandbox(directory, switches=switches) as running:
        controls, opener = _on(running, offer, settings, operations)
        yield TargetStand(
            open=opener,
            misbehave=controls.misbehave,
            foreign=foreign(controls) if foreign else None,
            calls=controls.calls,
            locked_out=opener.locked_out,
            nobody_there=opener.nobody_there,
            misnamed=(lambda: opener(**misnamed)) if misnamed else None,
            misnamed_words=tuple(misnamed_words),
            secrets=(*opener.secrets().values(), WRONG_SECRET),
            **terms,
        )


@contextmanager
def source_stand(
    offer: SourcePlugin,
    directory: Path,
    *,
    operations: Mapping[str, str],
    settings: Mapping[str, Any] | None = None,
    add: Callable[[Controls], SourceRef] | None = None,
    change: Callable[[Controls], SourceRef] | None = None,
    delete: Callable[[Controls], SourceRef] | None = None,
    switches: Mapping[str, str] | None = None,
) -> Iterator[SourceStand]:
    """Start a source plugin's sandbox in `directory` and describe it to the suite.

    Args:
        add, change, delete: As `SourceStand`, done through the controls.
    """
    with offer.sandbox(directory, switches=switches) as running:
        controls, opener = _on(running, offer, settings or {}, operations)
        yield SourceStand(
            open=opener,
            misbehave=controls.misbehave,
            add=_bound(add, controls),
            change=_bound(change, controls),
            delete=_bound(delete, controls),
            calls=controls.calls,
            locked_out=opener.locked_out,
            nobody_there=opener.nobody_there,
            secrets=(*opener.secrets().values(), WRONG_SECRET),
        )


def _on(
    running: Sandbox, offer: Any, settings: Mapping[str, Any], operations: Mapping[str, str]
) -> tuple[Controls, "_Opener[Any]"]:
    section = {**settings, **running.settings}
    opener: _Opener[Any] = _Opener(offer.settings(), offer.open, section, offer.sandbox_key)
    return Controls(running.address, operations), opener


def _bound(
    act: Callable[[Controls], SourceRef] | None, controls: Controls
) -> Callable[[], SourceRef] | None:
    return None if act is None else lambda: act(controls)
