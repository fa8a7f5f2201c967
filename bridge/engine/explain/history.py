"""The history of one invoice out of the log: what was seen, decided, sent and answered."""

from collections.abc import Iterator
from dataclasses import dataclass

from bridge.model.refs import Kind, TargetRef
from bridge.model.run import EntryState, StepState
from bridge.model.target_records import Rule
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import EntryRow, EventRow, LinkRow, SnapshotRow, StepRow


@dataclass(frozen=True, slots=True)
class InvoiceHistory:
    """All that the log knows of one invoice.

    Attributes:
        steps: Every remote write ever intended for it, oldest first.
        links: What its records became in the target, its client's included.
        rules: What decided each part of what was last sent, in the order of the parts.
        events: Oldest first.
        versions: What the source said, as decisions used it; the last one at the end.
    """

    entry: EntryRow
    client: LinkRow | None
    links: tuple[LinkRow, ...]
    steps: tuple[StepRow, ...]
    rules: tuple[tuple[LinkRow, Rule], ...]
    events: tuple[EventRow, ...]
    versions: tuple[SnapshotRow, ...]

    @property
    def used(self) -> SnapshotRow | None:
        """What the last decision rested on; None where the invoice was never read in full."""
        return self.versions[-1] if self.versions else None

    @property
    def booked(self) -> SnapshotRow | None:
        """What is in the books, where that is not what was used last."""
        used, content = self.used, self.entry.content_fingerprint
        if used is None or content is None or used.content == content:
            return None
        return next((each for each in self.versions if each.content == content), None)


def history_of(log: SyncLog, entry: EntryRow) -> InvoiceHistory:
    """Return the history of an entry's invoice. It reads the log only and asks no end."""
    links = tuple(log.links_of_invoice(entry.invoice))
    client = log.links([entry.client]).get(entry.client)
    return InvoiceHistory(
        entry=entry,
        client=client,
        links=tuple(link for link in links if link.ref.kind is not Kind.CLIENT),
        steps=tuple(log.steps(invoice=entry.invoice)),
        rules=tuple(_rules(client, [link for link in links if link.ref.kind is not Kind.CLIENT])),
        events=tuple(log.events(invoice=entry.invoice)),
        versions=tuple(log.snapshots(entry.invoice)),
    )


def _rules(client: LinkRow | None, links: list[LinkRow]) -> Iterator[tuple[LinkRow, Rule]]:
    for link in ([client] if client else []) + links:
        if link.payload:
            for rule in link.payload.rules:
                yield link, rule


def in_words(entry: EntryRow) -> str:
    """Return where an invoice stands, in one sentence."""
    match entry.state:
        case EntryState.DONE:
            return f"In the books as {entry.target}, read back and equal."
        case EntryState.PENDING:
            return "On the work list: the next `bridge sync` takes it up."
        case EntryState.UNVERIFIED:
            return f"Written as {entry.target}; the next `bridge sync` reads it back."
        case EntryState.UNKNOWN:
            return "Whether the last write arrived is not known; the next `bridge sync` looks."
        case EntryState.FAILED:
            when = f"{entry.next_try:%Y-%m-%d %H:%M} UTC" if entry.next_try else "the next run"
            return f"Failed, and tried again from {when}."
        case EntryState.MISMATCH:
            return f"Written as {entry.target}, and the target shows something else."
        case EntryState.SKIPPED:
            return "Rightly not in the books."
        case EntryState.HELD:
            return "Held: nothing further is written for it until a person decides."


def target_in_words(target: TargetRef) -> str:
    """Return the target's number, and its permanent id where that is another."""
    permanent = target.internal_id
    return target.id if permanent in {"", target.id} else f"{target.id} (id {permanent})"


def outcome_in_words(step: StepRow) -> str:
    """Return the outcome of a step, in a few words."""
    match step.state:
        case StepState.INTENDED:
            return "no outcome is known"
        case StepState.DONE:
            return f"done, {target_in_words(step.target)}" if step.target else "done"
        case StepState.REFUSED:
            return f"not written: {step.error}" if step.error else "not written"
        case StepState.UNKNOWN:
            return f"outcome unknown: {step.error}" if step.error else "outcome unknown"
