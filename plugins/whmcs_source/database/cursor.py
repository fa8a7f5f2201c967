"""Where a scan of the tables stands between runs, as the text that the sync log keeps."""

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from whmcs_source.database.digest import DigestPart
from whmcs_source.database.series import Series

_FORM = "tables-2"


@dataclass(frozen=True, slots=True)
class TablesCursor:
    """All that a scan must remember.

    Attributes:
        last: By part, the highest id that its digests cover; what comes after it is new.
        series: By part, digests of the rows up to there as they were when last looked at.
        complete: Whether the first scan came to its end.
        compares_money: Whether the first scan began with a log that had been filled otherwise, so
            that what was booked is to be compared once.
        digested: The day all was last compared by digests, None before the first time.
        looked: The day of the last scan.
        strays: Invoices of whose payments a refund stands elsewhere.
        currencies: A digest of the currencies' codes.
    """

    last: Mapping[DigestPart, int] = field(default_factory=dict)
    series: Mapping[DigestPart, Series] = field(default_factory=dict)
    complete: bool = False
    compares_money: bool = False
    digested: dt.date | None = None
    looked: dt.date | None = None
    strays: frozenset[int] = frozenset()
    currencies: str = ""

    @classmethod
    def read(cls, text: str | None) -> Self | None:
        """From the log's text; None for one of API mode, or of another version."""
        try:
            raw = json.loads(text or "")
            return cls._from(raw) if raw["form"] == _FORM else None
        except (AttributeError, KeyError, TypeError, ValueError):
            return None

    @classmethod
    def _from(cls, raw: Mapping[str, Any]) -> Self:
        return cls(
            last={DigestPart(part): int(number) for part, number in raw["last"].items()},
            series={DigestPart(part): Series.read(text) for part, text in raw["series"].items()},
            complete=bool(raw["complete"]),
            compares_money=bool(raw["compares_money"]),
            digested=_day(raw["digested"]),
            looked=_day(raw["looked"]),
            strays=frozenset(int(number) for number in raw["strays"]),
            currencies=str(raw["currencies"]),
        )

    def text(self) -> str:
        """For the log."""
        raw = {
            "form": _FORM,
            "last": {part.value: number for part, number in self.last.items()},
            "series": {part.value: series.text() for part, series in self.series.items()},
            "complete": self.complete,
            "compares_money": self.compares_money,
            "digested": self.digested.isoformat() if self.digested else None,
            "looked": self.looked.isoformat() if self.looked else None,
            "strays": sorted(self.strays),
            "currencies": self.currencies,
        }
        return json.dumps(raw, separators=(",", ":"))

    def covered(self, part: DigestPart) -> int:
        """The highest id that a part's digests cover."""
        return self.last.get(part, 0)

    def digest(self, part: DigestPart) -> Series:
        """A part's digests."""
        return self.series.get(part) or Series()

    def covering(self, part: DigestPart, series: Series, last: int) -> Self:
        """With new digests of a part."""
        return replace(self, series={**self.series, part: series}, last={**self.last, part: last})

    def with_strays(self, invoices: Iterable[int]) -> Self:
        """With more invoices of whose payments a refund stands elsewhere."""
        return replace(self, strays=self.strays | frozenset(invoices))


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None
