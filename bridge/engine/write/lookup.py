"""What stands in the target already: the sweep of a fresh log, and the look-up before a batch."""

import datetime as dt
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from bridge.contract import Target
from bridge.engine.context import CancelToken, Progress
from bridge.engine.decide.client_match import Match, MatchKeys, could_match, match_client
from bridge.engine.write.readback import ranges
from bridge.model.keys import Reference, key_of, token_at
from bridge.model.refs import Kind
from bridge.model.source_records import Client
from bridge.model.target_records import Days, Payload, TargetClient, TargetDocument, TargetMovement
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import SightingRow

_WINDOW_DAYS = 31
_PIECE = 500
_WEEK = dt.timedelta(days=7)
_LATELY = dt.timedelta(days=62)
SWEEP = "sweep"


@dataclass(slots=True)
class Lookup:
    """Answers for one run whether records stand in the target already.

    References are not searchable there, so all is found by streaming lists: of days, of clients.
    What carries our label is kept in the log, the rest is passed over. Each day is looked at once
    a run: only the holder of the run lock writes our label, and the log knows what it wrote.
    """

    target: Target
    log: SyncLog
    label: str
    today: dt.date
    swept: bool = field(default=False)
    _seen: set[dt.date] = field(default_factory=set)
    _seen_movements: set[dt.date] = field(default_factory=set)

    def sweep_is_due(self) -> bool:
        """Whether this log never finished a sweep."""
        state = json.loads(self.log.cursor(SWEEP) or "{}")
        return not state.get("complete")

    def sweep(self, oldest: dt.date, progress: Progress, stop: CancelToken) -> None:
        """Stream every document since `oldest` through the log, window by window; then movements.

        Movements are asked for once: a target may list them only as a whole.
        Interrupted, it begins anew: what was seen of it may be older than a restored log tells.
        """
        start = oldest - dt.timedelta(days=1)
        end = self.today + dt.timedelta(days=_WINDOW_DAYS)
        windows = list(_windows(start, end))
        with progress.aside("look for what is there already", len(windows)) as advance:
            for window in windows:
                if stop.requested:
                    return
                self._keep(self.target.documents([window]))
                advance()
        if stop.requested:
            return
        self._keep_movements(self.target.movements([Days(start, end)]))
        self.log.set_cursor(SWEEP, json.dumps({"complete": True, "from": str(oldest)}))
        self.swept = True

    def _keep(self, documents: Iterable[TargetDocument]) -> int:
        """Keep what carries our label; answer how much of it was not known before."""
        return self._store_all(
            SightingRow(
                kind=Kind.INVOICE,
                token=token_at(document.reference),
                target=document.ref,
                client=document.client,
                day=document.date,
                net=document.net,
                tax=document.tax,
                reference=document.reference,
            )
            for document in documents
            if self._names(document.reference, Kind.INVOICE, Kind.CREDIT_NOTE)
        )

    def _keep_movements(self, movements: Iterable[TargetMovement]) -> None:
        self._store_all(
            SightingRow(
                kind=Kind.MOVEMENT,
                token=token_at(moved.reference),
                target=moved.ref,
                client=None,
                day=moved.date,
                net=moved.amount,
                tax=None,
                reference=moved.reference,
            )
            for moved in movements
            if self._names(moved.reference, Kind.MOVEMENT)
        )

    def _names(self, text: str, *kinds: Kind) -> bool:
        """Return whether it begins with our key of such a record: payers write what they like."""
        return key_of(token_at(text), self.label).kind in kinds

    def _store_all(self, rows: Iterator[SightingRow]) -> int:
        strangers = 0
        while piece := list(islice(rows, _PIECE)):
            strangers += self._store(piece)
        return strangers

    def _store(self, rows: Sequence[SightingRow]) -> int:
        kind = rows[0].kind
        ids: set[str] = set()
        for linked_as in (kind, Kind.CREDIT_NOTE):
            linked = self.log.linked_targets(linked_as, [row.target for row in rows])
            ids.update(ref.id for ref in linked)
        unlinked = [row for row in rows if row.target.id not in ids]
        known = {
            (row.token, row.target.id)
            for row in self.log.sightings(kind, [row.token for row in unlinked])
        }
        strangers = [row for row in unlinked if (row.token, row.target.id) not in known]
        self.log.sighted(strangers)
        return len(strangers)

    def lately(self) -> list[dt.date]:
        """The days since a week before the last run: where later runs than the log's would show.

        A log that was restored from a backup meets there what was booked since.
        """
        earlier = [run.started.date() for run in self.log.runs(2)][1:]
        first = max([self.today - _LATELY, *(day - _WEEK for day in earlier)])
        return [first + dt.timedelta(days=n) for n in range((self.today - first).days + 1)]

    def around(self, days: Collection[dt.date]) -> int:
        """Look at the days of a batch; answer how many records of ours the log did not know.

        Any such means that the log is not the one that made them: it was lost or restored, or
        a person entered them. A sweep is due then, since days may have moved in the meantime.
        """
        wanted = ranges(set(days) - self._seen)
        strangers = self._keep(self.target.documents(wanted)) if wanted else 0
        self._seen.update(days)
        return strangers

    def movements_around(self, days: Collection[dt.date]) -> None:
        """Look for movements of ours on these days."""
        wanted = ranges(set(days) - self._seen_movements)
        if wanted and self.target.lists_movements:
            self._keep_movements(self.target.movements(wanted))
        self._seen_movements.update(days)

    def there(self, tokens: Sequence[str]) -> dict[str, list[SightingRow]]:
        """Documents and movements with these tokens, as far as seen and not linked then."""
        result: dict[str, list[SightingRow]] = {}
        for kind in (Kind.INVOICE, Kind.MOVEMENT):
            for row in self.log.sightings(kind, tokens):
                if Reference(row.token).heads(row.reference):  # an earlier bridge kept others too
                    result.setdefault(row.token, []).append(row)
        return result

    def clients(self, wanted: Sequence[tuple[Client, Payload]]) -> "dict[str, Match]":
        """Where clients that the log does not know may stand already, by client id.

        One pass over the target's client list, of which only candidates are kept.
        """
        keys = MatchKeys(
            codes=frozenset(payload.natural_key for _, payload in wanted) - {""},
            emails=frozenset(client.email.casefold() for client, _ in wanted) - {""},
            tokens=frozenset(payload.reference for _, payload in wanted),
        )
        candidates: list[TargetClient] = [
            each for each in self.target.clients() if could_match(each, keys)
        ]
        linked = self.log.linked_targets(Kind.CLIENT, [each.ref for each in candidates])
        by = self.target.match_clients_by
        return {
            client.ref.id: match_client(client, payload, candidates, linked, by)
            for client, payload in wanted
        }


def _windows(first: dt.date, last: dt.date) -> Iterator[Days]:
    while first <= last:
        end = min(first + dt.timedelta(days=_WINDOW_DAYS - 1), last)
        yield Days(first, end)
        first = end + dt.timedelta(days=1)
