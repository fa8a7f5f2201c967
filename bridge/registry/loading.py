"""Loading what is installed, each plugin behind a guard."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import pluggy

from bridge import hookspecs
from bridge.plugin import SourcePlugin, TargetPlugin
from bridge.registry.installed import Point, installed
from bridge.registry.origin import Origin, origin_of
from bridge.registry.plugin_calls import FAULTS, in_words
from bridge.registry.plugins import Broken, Loaded, Offered, Plugins

GROUP = "bridge"

_KIND = re.compile(r"[a-z][a-z0-9_]*")
_ROLES: tuple[tuple[str, str, type[SourcePlugin | TargetPlugin]], ...] = (
    ("source", "bridge_sources", SourcePlugin),
    ("target", "bridge_targets", TargetPlugin),
)


def load_plugins(found: Iterable[Point] | None = None) -> Plugins:
    """Find and load what is installed. No plugin's fault is raised: it is among the broken."""
    loader = _Loader()
    for point in sorted(
        installed(GROUP) if found is None else found,
        key=lambda point: (point.name, point.value),
    ):
        loader.take(point)
    return loader.finished()


class _Refused(Exception):  # never leaves this module
    """A plugin cannot be used; the text says why."""


class _Loader:
    def __init__(self) -> None:
        self._manager = pluggy.PluginManager(GROUP)
        self._manager.add_hookspecs(hookspecs)
        self._loaded: list[Loaded] = []
        self._broken: list[Broken] = []
        self._offered: list[Offered] = []
        self._origins: dict[int, Origin] = {}

    def take(self, point: Point) -> None:
        try:
            module = point.load()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  # a stranger's module may even exit
            words = f"it could not be imported: {in_words(error)}"
            self._broken.append(Broken(origin_of(point), words))
            return
        origin = origin_of(point, module)
        try:
            hooks = self._register(module, origin)
            offers = [one for role in _ROLES for one in self._offers(module, origin, *role)]
        except _Refused as refused:
            self._broken.append(Broken(origin, str(refused)))
            return
        self._loaded.append(Loaded(origin, hooks))
        self._offered.extend(offers)

    def _register(self, module: object, origin: Origin) -> tuple[str, ...]:
        """Register, or leave no trace and raise `_Refused`."""
        if self._manager.is_registered(module):
            msg = f"it names the same module as {self._origins[id(module)].distribution}"
            raise _Refused(msg)
        self._origins[id(module)] = origin
        try:
            self._manager.register(module, f"{origin.distribution}: {origin.entry_point}")
        except pluggy.PluginValidationError as error:
            if self._manager.is_registered(
                module
            ):  # some versions of pluggy leave it half registered
                self._manager.unregister(module)
            raise _Refused(_first_line(error)) from error
        callers = self._manager.get_hookcallers(module) or []
        fault = _fault(callers, module)
        if fault:
            self._manager.unregister(module)
            raise _Refused(fault)
        return tuple(sorted(caller.name for caller in callers))

    def _offers(
        self, module: object, origin: Origin, role: str, hook: str, of: type[Any]
    ) -> Iterator[Offered]:
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            if implementation.plugin is not module:
                continue
            try:
                offers = list(implementation.function())
            except FAULTS as error:
                self._manager.unregister(module)
                msg = f"its hook {hook} failed: {in_words(error)}"
                raise _Refused(msg) from error
            for offer in offers:
                fault = _fault_of(offer, hook, of)
                if fault:
                    self._manager.unregister(module)
                    raise _Refused(fault)
                yield Offered(role, offer, origin)

    def finished(self) -> Plugins:
        """Two offers of one kind are both refused: which is meant cannot be known."""
        kinds: dict[tuple[str, str], list[Offered]] = {}
        for one in self._offered:
            kinds.setdefault((one.role, one.offer.kind), []).append(one)
        offered = []
        for (role, kind), several in sorted(kinds.items()):
            if len(several) == 1:
                offered.extend(several)
                continue
            names = " and ".join(sorted(one.origin.distribution for one in several))
            words = f"the {role} kind '{kind}' is offered by {names}, so neither is used"
            self._broken.extend(Broken(one.origin, words, (kind,)) for one in several)
        return Plugins(
            self._manager,
            loaded=self._loaded,
            broken=self._broken,
            offered=offered,
            origins=self._origins,
        )


def _fault(callers: Iterable[Any], module: object) -> str:
    """What is wrong with a plugin's hooks, or nothing. pluggy itself accepts a misspelt one."""
    callers = list(callers)
    if not callers:
        return "it has no hook: mark its functions with @hookimpl of bridge.api"
    for caller in callers:
        own = [one for one in caller.get_hookimpls() if one.plugin is module]
        if not caller.has_spec() and not all(one.optionalhook for one in own):
            return f"it answers {caller.name}, which is not a hook of bridge"
        if any(one.wrapper or one.hookwrapper for one in own):
            return f"its hook {caller.name} is a wrapper, which bridge does not call"
    return ""


def _fault_of(offer: object, hook: str, of: type[Any]) -> str:
    if not isinstance(offer, of):
        return f"its hook {hook} gave a {type(offer).__name__} in place of a {of.__name__}"
    kind = offer.kind
    if not isinstance(kind, str) or not _KIND.fullmatch(kind):
        return f"its kind {kind!r} is not made of lower-case letters, digits and _"
    return ""


def _first_line(error: BaseException) -> str:
    """pluggy explains in several lines; the telling ones, joined."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return "; ".join(lines[1:] or lines)
