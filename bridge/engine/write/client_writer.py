"""The client of an invoice: known, found, adopted, created or brought up to date."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bridge.engine.decide.client_match import Adopt, Create, Match, Ours
from bridge.engine.prepare.compose import ComposedRecord
from bridge.engine.prepare.prepare import WorkItem
from bridge.engine.write.steps import Blocked, Steps
from bridge.engine.write.writer import Done
from bridge.model.reasons import Hold, Reason
from bridge.model.refs import Kind, SourceRef, TargetRef
from bridge.model.source_records import Client
from bridge.model.target_records import Payload, TargetClient
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import Action, LinkRow

_REMEMBERED = 300


@dataclass(slots=True)
class KnownClients:
    """What a run has learnt of clients. Shared by its workers.

    Attributes:
        troubled: Clients whose own record failed in this run; their invoices wait.
    """

    log: SyncLog
    troubled: dict[SourceRef, str] = field(default_factory=dict)
    _links: dict[SourceRef, LinkRow] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def link(self, ref: SourceRef) -> LinkRow | None:
        """A client's link."""
        with self._guard:
            link = self._links.get(ref)
        if link:
            return link
        found = self.log.links([ref]).get(ref)
        if found:
            with self._guard:
                # A worker may have written the client in the meantime: that is newer.
                found = self._links.setdefault(ref, found)
                self._forget_the_oldest()
        return found

    def keep(self, link: LinkRow) -> None:
        """Remember what was written of a client."""
        with self._guard:
            self._links.pop(link.ref, None)
            self._links[link.ref] = link
            self._forget_the_oldest()

    def needs_a_look(self, part: ComposedRecord) -> bool:
        """Whether the target's own record decides: no link yet, or a guarded field changed."""
        link = self.link(part.ref)
        if not link:
            return True
        before = link.payload.guarded if link.payload else {}
        return bool(_guarded_changes(part.payload, before or {}))

    def _forget_the_oldest(self) -> None:
        while len(self._links) > _REMEMBERED:
            del self._links[next(iter(self._links))]


@dataclass(slots=True)
class ClientWriter:
    """Sees to it that the client stands in the target, once. Each worker has one of its own."""

    known: KnownClients
    steps: Steps

    def client(self, item: WorkItem) -> TargetRef | Blocked:
        """Return the target's client, written first where need be.

        The item's matches say where clients may stand that the log does not know, or whose VAT
        status has changed.
        """
        part = _part(item)
        link = self.known.link(part.ref)
        match = item.lookup.matches.get(part.ref.id, Create())
        if link:
            return self._known(item, part, link, match)
        if isinstance(match, Hold):
            return self._held(item, match)
        if isinstance(match, Create):
            return self._step(item, part, Action.CREATE)
        return self._found(item, part, match)

    def _known(
        self, item: WorkItem, part: ComposedRecord, link: LinkRow, match: Match
    ) -> TargetRef | Blocked:
        if link.payload is None:
            return self._step(item, part, Action.ADOPT, link.target)
        if dict(link.payload.body) == dict(part.payload.body):
            return link.target
        before = link.payload.guarded or {}
        if isinstance(match, Ours | Adopt) and match.found.ref.id == link.target.id:
            # A person may have brought the target's record up to date in the meantime.
            before = match.found.guarded
        return self._update(item, part, link.target, before)

    def _update(
        self, item: WorkItem, part: ComposedRecord, target: TargetRef, before: Mapping[str, str]
    ) -> TargetRef | Blocked:
        changed = _guarded_changes(part.payload, before)
        if changed:
            return self._held(item, _vat_status_changed(item.composed.billed, changed))
        return self._step(item, part, Action.UPDATE, target)

    def _found(
        self, item: WorkItem, part: ComposedRecord, match: Ours | Adopt
    ) -> TargetRef | Blocked:
        found, client = match.found, item.composed.billed
        taken = self.known.log.linked_targets(Kind.CLIENT, [found.ref]).get(found.ref, part.ref)
        if taken != part.ref:
            # Two of one batch were found to be the same customer, and the other came first.
            return self._held(item, _taken(client, found, taken))
        changed = _guarded_changes(part.payload, _filled(found.guarded))
        if changed:
            return self._held(item, _vat_status_changed(client, changed))
        if isinstance(match, Ours):
            step = self.steps.step(item, part.ref, Action.LINK, part.payload)
            self.steps.writer.tie(step, found.ref)
            self.known.keep(self.steps.writer.link_of(step, found.ref))
        else:
            adopted = self._step(item, part, Action.ADOPT, found.ref)
            if isinstance(adopted, Blocked):
                return adopted
        if _same_body(part.payload, found.body):
            return found.ref
        return self._update(item, part, found.ref, {})

    def _step(
        self, item: WorkItem, part: ComposedRecord, action: Action, target: TargetRef | None = None
    ) -> TargetRef | Blocked:
        step = self.steps.step(item, part.ref, action, part.payload, target=target)
        outcome = self.steps.perform(item, step)
        if isinstance(outcome, Done):
            self.known.keep(self.steps.writer.link_of(step, outcome.target))
            return outcome.target
        self.known.troubled[step.ref] = f"its client {step.ref.id} could not be written"
        return self.steps.setback(item, outcome)

    def _held(self, item: WorkItem, hold: Hold) -> Blocked:
        self.steps.recorder.hold(item.row, hold, item.money)
        return Blocked()


def _part(item: WorkItem) -> ComposedRecord:
    if item.composed.client is None:
        msg = "an invoice without a client's record"
        raise LookupError(msg)
    return item.composed.client


def _guarded_changes(payload: Payload, before: Mapping[str, str]) -> list[str]:
    now = payload.guarded or {}
    return [
        f"{name} was {before[name]} and is {now[name]}"
        for name in now
        if name in before and before[name] != now[name]
    ]


def _filled(guarded: Mapping[str, str]) -> dict[str, str]:
    """What a client that is not ours yet shows: what nobody filled in may be filled in."""
    return {name: value for name, value in guarded.items() if value not in ("", "0")}


def _same_body(payload: Payload, found: Mapping[str, object]) -> bool:
    """Whether nothing needs to be sent; an adopted record keeps its own unique key."""
    return all(
        found[name] == value
        for name, value in payload.body.items()
        if name in found and value != payload.natural_key
    )


def _taken(client: Client, found: TargetClient, taken: SourceRef) -> Hold:
    return Hold(
        Reason.CLIENT_AMBIGUOUS,
        f"client {client.ref.id} ({client.name}) would be customer {found.key or found.ref.id}"
        f" ({found.name}), which is {taken} already",
        "make their e-mail addresses differ, or link the right one by hand; then"
        " `bridge retry --reason client_ambiguous`",
    )


def _vat_status_changed(client: Client, changed: Sequence[str]) -> Hold:
    return Hold(
        Reason.VAT_STATUS_CHANGED,
        f"client {client.ref.id} ({client.name}) has documents in the books, and now "
        + "; ".join(changed),
        "decide with the bookkeeper, change the customer in the target by hand, then"
        " `bridge retry --reason vat_status_changed`",
    )
