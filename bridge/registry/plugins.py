"""What is installed, and a typed face over the hooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from bridge.errors import ConfigError, Problem
from bridge.plugin import SourcePlugin, TargetPlugin
from bridge.registry.plugin_calls import FAULTS, PluginCalls, in_words

if TYPE_CHECKING:
    import pluggy

    from bridge.model.reasons import Hold
    from bridge.model.run import Entry, Report, Run
    from bridge.model.source_records import Invoice
    from bridge.registry.origin import Origin

_OURS = "bridge-accounts"
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
        origins: dict[int, Origin],
    ) -> None:
        self._manager = manager
        self._origins = origins
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

    def origin_of(self, offer: SourcePlugin | TargetPlugin) -> Origin:
        """Where one of the offers comes from."""
        return next(one.origin for one in self.offered if one.offer is offer)

    def without_broken_settings(self) -> Plugins:
        """The same, where an offer whose settings do not import is among the broken.

        That takes longer than all else at a start, so bridge's own offers are taken as they are.
        """
        usable, broken = [], list(self.broken)
        for one in self.offered:
            fault = "" if one.origin.distribution == _OURS else _settings_fault(one)
            if fault:
                broken.append(Broken(one.origin, fault, (one.offer.kind,)))
            else:
                usable.append(one)
        return Plugins(
            self._manager, loaded=self.loaded, broken=broken, offered=usable, origins=self._origins
        )

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

        hook = "bridge_review_invoice"
        for calls, rule in self._answers(hook, invoice=invoice):
            try:
                verdict = rule()
            except FAULTS as error:
                return _rule_failed(calls.failed(hook, error).what, calls)
            if isinstance(verdict, Hold):
                return verdict
            if verdict is not None:
                given = f"{type(verdict).__name__} in place of a Hold or None"
                return _rule_failed(f"the plugin {calls.origin} returned {given}", calls)
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
        for calls, observer in self._answers(hook, **given):
            try:
                observer()
            except FAULTS as error:
                _observer_failed(calls.failed(hook, error).what, calls)

    def _answers(
        self, hook: str, **given: object
    ) -> Iterator[tuple[PluginCalls, Callable[[], Any]]]:
        """Each implementation of a hook, as a call to make; pluggy's own stops at an error."""
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            arguments = [given[name] for name in implementation.argnames]
            origin = self._origins[id(implementation.plugin)]
            yield PluginCalls(origin), _call(implementation.function, arguments)


def _settings_fault(one: Offered) -> str:
    try:
        one.offer.settings()
    except FAULTS as error:
        role, kind = one.role, one.offer.kind
        return f"the settings of its {role} '{kind}' could not be imported: {in_words(error)}"
    return ""


def _call(function: Callable[..., Any], arguments: Sequence[object]) -> Callable[[], Any]:
    return lambda: function(*arguments)


def _observer_failed(what: str, calls: PluginCalls) -> None:
    import logging

    log = logging.getLogger("bridge.plugins")
    log.warning("%s; the run goes on. To do: %s", what, calls.report)


def _rule_failed(what: str, calls: PluginCalls) -> Hold:
    from bridge.model.reasons import Hold, Reason

    return Hold(
        Reason.HOUSE_RULE,
        f"a house rule has no verdict: {what}",
        f"mend or uninstall {calls.origin.distribution}, or {calls.report}; then run `bridge sync`"
        " again",
    )
