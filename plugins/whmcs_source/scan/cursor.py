"""Where the scan stands between runs, as the text that the sync log keeps."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from whmcs_source.api.walk import Place

_FORM = 1
_STRAYS_MAX = 1000


class Deep(StrEnum):
    """Which part of a deep scan is under way."""

    IDLE = "idle"
    LIST = "list"
    MONEY = "money"


@dataclass(frozen=True, slots=True)
class Cursor:
    """All that a scan must remember.

    Attributes:
        newest: How far the list was read by id; what comes after it is new.
        complete: Whether the first pass came to the end.
        deep: What of a deep scan is under way, and `deep_place` or `deep_client` where it stands.
        deep_done: The day the last full pass ended, None before the first.
        excess: By status, how many more invoices WHMCS counts than the log, where a look at each
            could not explain it. While it stays so, they are not looked at again.
        strays: Clients of whom a refund stands elsewhere than its payment; None for too many to
            keep.
    """

    newest: Place = field(default_factory=Place)
    complete: bool = False
    deep: Deep = Deep.IDLE
    deep_place: Place = field(default_factory=Place)
    deep_client: int = 0
    deep_done: dt.date | None = None
    excess: Mapping[str, int] = field(default_factory=dict)
    strays: frozenset[int] | None = frozenset()

    @classmethod
    def read(cls, text: str | None) -> Self:
        """From the log's text. What is not readable counts as no cursor: all is scanned again."""
        try:
            raw = json.loads(text or "")
            return cls._from(raw) if raw["form"] == _FORM else cls()
        except (ValueError, KeyError, TypeError):
            return cls()

    @classmethod
    def _from(cls, raw: Mapping[str, Any]) -> Self:
        done = raw["deep_done"]
        return cls(
            newest=Place(*raw["newest"]),
            complete=raw["complete"],
            deep=Deep(raw["deep"]),
            deep_place=Place(*raw["deep_place"]),
            deep_client=raw["deep_client"],
            deep_done=dt.date.fromisoformat(done) if done else None,
            excess=dict(raw["excess"]),
            strays=None if raw["strays"] is None else frozenset(raw["strays"]),
        )

    def text(self) -> str:
        """For the log."""
        return json.dumps(
            {
                "form": _FORM,
                "newest": [self.newest.offset, self.newest.last],
                "complete": self.complete,
                "deep": self.deep.value,
                "deep_place": [self.deep_place.offset, self.deep_place.last],
                "deep_client": self.deep_client,
                "deep_done": self.deep_done.isoformat() if self.deep_done else None,
                "excess": dict(self.excess),
                "strays": None if self.strays is None else sorted(self.strays),
            },
            separators=(",", ":"),
        )

    def with_stray(self, client: int) -> Self:
        """With one more client of whom a refund stands elsewhere than its payment."""
        if self.strays is None or client in self.strays:
            return self
        full = len(self.strays) >= _STRAYS_MAX
        return replace(self, strays=None if full else self.strays | {client})
