"""The accounting decisions that bridge.yaml leaves open, as `bridge validate-config` tells them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bridge.cli.common import counted
from bridge.cli.console import say, say_json
from bridge.reports.table import wrapped

if TYPE_CHECKING:
    from bridge.app import App
    from bridge.plugin import Decision


@dataclass(frozen=True, slots=True)
class Open:
    """A decision that nobody has taken.

    Attributes:
        role: The part of the file that it belongs to.
        waiting: How many entries of the log wait for it now; None when that was not asked.
    """

    role: str
    decision: "Decision"
    waiting: int | None


def decisions(bridge: "App", *, live: bool) -> list[Open]:
    """All of them; with `live` the log is asked how much each holds."""
    counts = _held(bridge) if live else None
    return [
        Open(
            role,
            decision,
            None if counts is None else sum(counts.get(word, 0) for word in decision.reasons),
        )
        for role, decision in bridge.config.open_decisions()
    ]


def _held(bridge: "App") -> dict[str, int]:
    """Held entries by reason; none where there is no log yet."""
    from bridge.errors import StoreError
    from bridge.model.run import EntryState

    try:
        with bridge.log(create=False) as log:
            counts = log.count_entries()
    except StoreError:
        return {}
    held = (pair for pair in counts.items() if pair[0][0] is EntryState.HELD)
    return {reason.value: number for (_, reason), number in held if reason}


def tell_decisions(found: list[Open], *, as_json: bool) -> None:
    """One each: what it is about, what happens meanwhile, and the line to write."""
    for each in found:
        if as_json:
            say_json(_plain(each))
        else:
            _tell(each)


def _tell(each: Open) -> None:
    decision = each.decision
    meanwhile = decision.assumed or f"held until then ({', '.join(decision.reasons)})"
    if each.waiting is not None and decision.reasons:
        number = counted(each.waiting, "invoice") if each.waiting else "nothing"
        meanwhile += f"; {number} waiting"
    text = wrapped(f"{each.role}.{decision.key}: {decision.about}: {meanwhile}", 9)
    say(f"open     {text.strip()}")
    lines = " or ".join(f"`{line}`" for line in decision.lines)
    place = ".".join([each.role, *decision.key.split(".")[:-1]])
    say(wrapped(f"To decide: write {lines} under {place}", 11))


def _plain(each: Open) -> dict[str, object]:
    return {
        "type": "decision",
        "key": f"{each.role}.{each.decision.key}",
        "about": each.decision.about,
        "reasons": list(each.decision.reasons),
        "assumed": each.decision.assumed,
        "lines": list(each.decision.lines),
        "waiting": each.waiting,
    }
