"""An entry counts as done only when the target's own figures, read back, equal what was sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bridge.contract import Target
from bridge.engine.write.entry_states import EntryRecorder
from bridge.engine.write.readback import Expected, differences, ranges, read_back
from bridge.engine.write.writer import Writer
from bridge.model.keys import Key, document_of
from bridge.model.money import Money, total
from bridge.model.reasons import Hold, Reason
from bridge.model.refs import Kind, SourceRef, TargetRef
from bridge.model.run import EntryState
from bridge.model.target_records import TargetDocument, TargetMovement
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import EntryRow, LinkRow, PutLink

_DOCUMENTS = frozenset({Kind.INVOICE, Kind.CREDIT_NOTE})


@dataclass(slots=True)
class Verifier:
    """Reads back what was written and gives each entry its final state."""

    target: Target
    log: SyncLog
    writer: Writer
    recorder: EntryRecorder

    def verify(self, rows: Sequence[EntryRow], remarks: Mapping[SourceRef, Hold]) -> int:
        """Read back these entries in bulk; answers how many were found wrong or missing.

        `remarks` are what a person should hear of an entry although it is right.
        """
        self.writer.flush()
        links = self._links(rows)
        every = [link for each in links.values() for link in each]
        expected = _expected(every)
        documents = read_back(self.target, list(expected.values()))
        movements = self._movements(every)
        wrong = 0
        for row in rows:
            told = self._judge(row, links[row.invoice], expected, documents, movements)
            wrong += bool(told)
            if not told:
                remark = remarks.get(row.invoice) or _kept(row)
                self._done(row, links[row.invoice], documents, remark)
        self.writer.flush()
        return wrong

    def _links(self, rows: Sequence[EntryRow]) -> Mapping[SourceRef, Sequence[LinkRow]]:
        every = self.log.links_of_invoices([row.invoice for row in rows])
        return {
            invoice: [link for link in links if _is_compared(link)]
            for invoice, links in every.items()
        }

    def _movements(self, links: Sequence[LinkRow]) -> dict[str, TargetMovement]:
        days = [link.day for link in links if link.ref.kind is Kind.MOVEMENT and link.day]
        if not days or not self.target.lists_movements:
            return {}
        wanted = {link.target.id for link in links if link.ref.kind is Kind.MOVEMENT}
        found = self.target.movements(ranges(days))
        return {each.ref.id: each for each in found if each.ref.id in wanted}

    def _judge(
        self,
        row: EntryRow,
        links: Sequence[LinkRow],
        expected: Mapping[SourceRef, Expected],
        documents: Mapping[TargetRef, TargetDocument],
        movements: Mapping[str, TargetMovement],
    ) -> bool:
        """Whether something is wrong; then it was told."""
        if not links:
            self.recorder.mismatch(row, "the log holds no link for it, although it was written")
            return True
        wrong: list[str] = []
        for link in links:
            if _is_document(link):
                found = documents.get(link.target)
                if found is None:
                    self.recorder.hold(row, _remote_missing(link))
                    return True
                told = differences(expected[link.ref], found)
                wrong.extend(f"document {found.ref.id}: {each}" for each in told)
            elif link.ref.kind is Kind.MOVEMENT and self.target.lists_movements:
                moved = movements.get(link.target.id)
                if moved is None:
                    self.recorder.hold(row, _remote_missing(link))
                    return True
                wrong.extend(_movement_differences(link, moved))
        if wrong:
            self.recorder.mismatch(row, "; ".join(wrong))
        return bool(wrong)

    def _done(
        self,
        row: EntryRow,
        links: Sequence[LinkRow],
        documents: Mapping[TargetRef, TargetDocument],
        remark: Hold | None,
    ) -> None:
        number = row.target
        for link in links:
            found = documents.get(link.target)
            if found is None:
                continue
            if link.ref == row.invoice:
                number = found.ref.id
            if found.ref.internal_id != link.target.internal_id:
                learnt = replace(link.target, internal_id=found.ref.internal_id)
                self.writer.note(PutLink(replace(link, target=learnt, payload=None)))
        self.recorder.done(row, number, remark)


def _kept(row: EntryRow) -> Hold | None:
    """The remark that was kept with an entry whose run died before it was read back."""
    if row.state is not EntryState.UNVERIFIED or row.reason is None:
        return None
    return Hold(row.reason, row.what, row.remedy)


def _is_compared(link: LinkRow) -> bool:
    return (
        link.ref.kind is not Kind.CLIENT and bool(link.payload) and not Key.of(link.ref).is_undone
    )


def _is_document(link: LinkRow) -> bool:
    return link.ref.kind in _DOCUMENTS


def _expected(links: Sequence[LinkRow]) -> dict[SourceRef, Expected]:
    """What each document among these should show."""
    paid: dict[SourceRef, list[Money]] = {}
    for link in links:
        if link.ref.kind is Kind.PAYMENT and link.payload and link.payload.net:
            paid.setdefault(document_of(link.ref), []).append(link.payload.net)
    return {
        link.ref: Expected(
            target=link.target,
            client=link.client or TargetRef(Kind.CLIENT, ""),
            payload=link.payload,
            paid=_sum(paid.get(link.ref, ())),
        )
        for link in links
        if _is_document(link) and link.payload
    }


def _sum(amounts: Sequence[Money]) -> Money | None:
    """None where a feed brings the money, or nothing was paid yet: it is not ours to compare."""
    return total(amounts, amounts[0].currency) if amounts else None


def _movement_differences(link: LinkRow, moved: TargetMovement) -> list[str]:
    payload = link.payload
    if payload is None:
        return []
    pairs = [
        ("reference", moved.reference, payload.reference),
        ("date", moved.date, payload.date),
        ("amount", moved.amount, payload.net),
    ]
    return [
        f"movement {moved.ref.id}: {name} is {shown}, sent was {sent}"
        for name, shown, sent in pairs
        if shown != sent
    ]


def _remote_missing(link: LinkRow) -> Hold:
    return Hold(
        Reason.REMOTE_MISSING,
        f"it was written as {link.ref.kind.value} {link.target.id}, which is not in the target",
        "find out who deleted it; if it should be there, `bridge unlink` it and `bridge retry` it",
    )
