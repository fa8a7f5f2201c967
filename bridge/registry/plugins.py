"""What is installed, and a typed face over the hooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from bridge.errors import ConfigError, Problem
from bridge.plugin import SourcePlugin, TargetPlugin

if TYPE_CHECKING:
    import pluggy

    from bridge.model.reasons import Hold
    from bridge.model.run import Entry, Report, Run
    from bridge.model.source_records import Invoice
    from bridge.registry.origin import Origin

_Offer = TypeVar("_Offer", SourcePlugin, TargetPlugin)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A plugin that works. `hooks` are the names of those that it answers."""

    origin: Origin
    hooks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Broken:
    """A plugin, or an offer of one, that cannot be used.

    Attributes:
        error: One sentence.
        kinds: The kinds that are refused with it, as far as is known.
    """

    origin: Origin
    error: str
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offered:
    """An offer and where it comes from. `role` is ``source`` or ``target``."""

    role: str
    offer: SourcePlugin | TargetPlugin
    origin: Origin


class Plugins:
    """What is installed, in a fixed order. Made by `load_plugins`."""

    def __init__(
        self,
        manager: pluggy.PluginManager,
        *,
        loaded: Sequence[Loaded],
        broken: Sequence[Broken],
        offered: Sequence[Offered],
        distributions: dict[int, str],
    ) -> None:
        self._manager = manager
        self._distributions = distributions
        self.loaded = tuple(loaded)
        self.broken = tuple(broken)
        self.offered = tuple(offered)

    # Offers -----------------------------------------------------------------------------------

    def sources(self) -> Sequence[Offered]:
        """Systems that can be read, by kind."""
        return [one for one in self.offered if one.role == "source"]

    def targets(self) -> Sequence[Offered]:
        """Systems that can be written, by kind."""
        return [one for one in self.offered if one.role == "target"]

    def source(self, kind: str) -> SourcePlugin:
        """The source of this kind.

        Raises:
            ConfigError: none has it, or several do.
        """
        return self._one("source", kind, SourcePlugin)

    def target(self, kind: str) -> TargetPlugin:
        """The target of this kind. Raises as `source`."""
        return self._one("target", kind, TargetPlugin)

    def _one(self, role: str, kind: str, of: type[_Offer]) -> _Offer:
        for one in self.offered:
            if one.role == role and one.offer.kind == kind and isinstance(one.offer, of):
                return one.offer
        raise ConfigError([self._not_offered(role, kind)])

    def _not_offered(self, role: str, kind: str) -> Problem:
        key = f"{role}.plugin"
        for broken in self.broken:
            if kind in broken.kinds:
                return Problem(broken.error, "uninstall one of the two", key=key)
        known = [one.offer.kind for one in self.offered if one.role == role]
        remedy = f"write one of: {', '.join(known)}" if known else f"install a {role} plugin"
        if self.broken:
            names = ", ".join(dict.fromkeys(one.origin.distribution for one in self.broken))
            remedy += f"; or mend what failed to load ({names}): `bridge plugins list` says why"
        return Problem(f"no {role} plugin of the kind '{kind}' is installed", remedy, key=key)

    # Hooks ------------------------------------------------------------------------------------

    def review(self, invoice: Invoice) -> Hold | None:
        """The first hold of a house rule. A rule that fails holds too: nothing is guessed."""
        from bridge.model.reasons import Hold

        for distribution, rule in self._answers("bridge_review_invoice", invoice=invoice):
            try:
                verdict = rule()
            except Exception as error:  # noqa: BLE001  # a plugin may raise anything
                return _rule_failed(distribution, f"failed: {in_words(error)}")
            if isinstance(verdict, Hold):
                return verdict
            if verdict is not None:
                given = type(verdict).__name__
                return _rule_failed(distribution, f"answered {given} in place of a Hold or None")
        return None

    def run_started(self, run: Run) -> None:
        """Tell every observer. What one of them raises is logged."""
        self._tell("bridge_run_started", run=run)

    def entry_finished(self, run: Run, entry: Entry) -> None:
        """Tell every observer. What one of them raises is logged."""
        self._tell("bridge_entry_finished", run=run, entry=entry)

    def run_finished(self, run: Run, report: Report) -> None:
        """Tell every observer. What one of them raises is logged."""
        self._tell("bridge_run_finished", run=run, report=report)

    def _tell(self, hook: str, **given: object) -> None:
        for distribution, observer in self._answers(hook, **given):
            try:
                observer()
            except Exception as error:  # noqa: BLE001  # a plugin may raise anything
                _observer_failed(distribution, hook, error)

    def _answers(self, hook: str, **given: object) -> Iterator[tuple[str, Callable[[], Any]]]:
        """Each implementation of a hook, as a call to make; pluggy's own stops at an error."""
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            arguments = [given[name] for name in implementation.argnames]
            distribution = self._distributions[id(implementation.plugin)]
            yield distribution, _call(implementation.function, arguments)


def _call(function: Callable[..., Any], arguments: Sequence[object]) -> Callable[[], Any]:
    return lambda: function(*arguments)


def _observer_failed(distribution: str, hook: str, error: Exception) -> None:
    import logging

    log = logging.getLogger("bridge.plugins")
    words = in_words(error)
    log.warning("the plugin %s failed in %s and the run goes on: %s", distribution, hook, words)
    log.debug("where %s failed", distribution, exc_info=error)


def _rule_failed(distribution: str, what: str) -> Hold:
    from bridge.model.reasons import Hold, Reason

    return Hold(
        Reason.HOUSE_RULE,
        f"the house rule of the plugin {distribution} {what}",
        f"mend or uninstall {distribution}, then run `bridge sync` again",
    )


def in_words(error: BaseException) -> str:
    """An exception as one line that names its class."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
