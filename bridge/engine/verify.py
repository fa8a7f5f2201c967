"""An entry counts as done only when the target's own figures, read back, equal what was sent."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bridge.api import Hold, Kind, Money, Reason, Target, TargetDocument, TargetRef, total
from bridge.engine.readback import Expected, differences, read_back
from bridge.engine.tell import Teller
from bridge.engine.writer import Writer
from bridge.store.log import SyncLog
from bridge.store.rows import EntryRow, LinkRow, PutLink


@dataclass(slots=True)
class Verifier:
    """Reads back what was written and gives each entry its final state."""

    target: Target
    log: SyncLog
    writer: Writer
    teller: Teller

    def verify(self, rows: Sequence[EntryRow]) -> int:
        """Read back these entries in bulk; answers how many were found wrong or missing."""
        self.writer.flush()
        links = self.log.links([row.invoice for row in rows])
        expected = {
            row.invoice: self._expected(links[row.invoice])
            for row in rows
            if row.invoice in links and links[row.invoice].payload
        }
        found = read_back(self.target, list(expected.values()))
        wrong = 0
        for row in rows:
            want = expected.get(row.invoice)
            if want is None:
                self.teller.mismatch(row, "the log holds no link for it, although it was written")
                wrong += 1
                continue
            wrong += self._judge(row, links[row.invoice], want, found.get(want.target))
        self.writer.flush()
        return wrong

    def _expected(self, link: LinkRow) -> Expected:
        assert link.payload is not None  # noqa: S101  # the caller has made sure
        return Expected(
            target=link.target,
            client=link.client or TargetRef(Kind.CLIENT, ""),
            payload=link.payload,
            paid=self._paid(link),
        )

    def _paid(self, link: LinkRow) -> Money | None:
        """What its payments come to as the target records them; None where a feed brings them."""
        amounts = [
            each.payload.net
            for each in self.log.links_of_invoice(link.ref)
            if each.ref.kind is Kind.PAYMENT and each.payload and each.payload.net
        ]
        return total(amounts, amounts[0].currency) if amounts else None

    def _judge(
        self, row: EntryRow, link: LinkRow, want: Expected, found: TargetDocument | None
    ) -> int:
        if found is None:
            self.teller.hold(row, _remote_missing(link))
            return 1
        wrong = differences(want, found)
        if wrong:
            self.teller.mismatch(row, f"document {found.ref.id}: {'; '.join(wrong)}")
            return 1
        if found.ref != link.target:
            self.writer.note(PutLink(replace(link, target=found.ref)))
        self.teller.done(row, found.ref.id)
        return 0


def _remote_missing(link: LinkRow) -> Hold:
    return Hold(
        Reason.REMOTE_MISSING,
        f"it was written as document {link.target.id}, which is not in the target",
        "find out who deleted it; if it should be there, `bridge unlink` it and `bridge retry` it",
    )
