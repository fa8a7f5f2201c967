"""Credit notes of the target against the refunds that made them. Pure."""

from dataclasses import dataclass, replace

from bridge.engine.reconcile.match_documents import MATCHED, Documents, days_sent, foreign_item
from bridge.engine.reconcile.match_money import Judge, Purse
from bridge.engine.reconcile.values import ItemKind, Standing, Verdict
from bridge.model.refs import Kind, SourceRef
from bridge.model.target_records import Record


def match_notes(documents: Documents, purse: Purse, judge: Judge) -> None:
    """Judge every credit note that carries our key, and those that are gone.

    The source has refunds and no credit notes, so a note is billed as what it credits.
    """
    _Notes(documents, purse, judge).all()


@dataclass(slots=True)
class _Notes:
    documents: Documents
    purse: Purse
    judge: Judge

    def all(self) -> None:
        for refund, notes in self.documents.notes.items():
            source = self.purse.source.get(refund)
            family = self.judge.family(source) if source else f"R{refund}"
            for place, note in enumerate(notes):
                verdict = self._note_verdict(refund, source, note) if not place else _DOUBLE_NOTE
                item = foreign_item(note, verdict, family)
                if source and not place:
                    gross = note.net + note.tax
                    item = replace(item, billed=gross, billed_tax=note.tax, client=source.client)
                self.documents.by_number[note.number] = item
                if note.date in self.judge.terms.days:
                    self.documents.items.append(item)
        self._lost_notes()

    def _note_verdict(self, refund: str, source: Record | None, note: Record) -> Verdict:
        if source is None:
            what = f"it carries the key of refund {refund}, which the source does not have"
            return Verdict(Standing.ONLY_TARGET, "", what, "find out who deleted the refund there")
        wrong = self._note_wrong(refund, source, note)
        if not wrong:
            return MATCHED
        what = f"document {note.number}: {'; '.join(wrong)}"
        return Verdict(Standing.DIFFERS, "", what, "correct the credit note in the target")

    def _note_wrong(self, refund: str, source: Record, note: Record) -> list[str]:
        link = self.judge.lore.links.get(SourceRef(Kind.CREDIT_NOTE, f"R{refund}"))
        payload = link.payload if link else None
        gross = note.net + note.tax
        wrong = []
        if payload and payload.net and (payload.net, payload.tax) != (note.net, note.tax):
            wrong.append(
                f"it shows {note.net} net and {note.tax} tax, sent was {payload.net} and"
                f" {payload.tax}"
            )
        elif gross.currency != source.net.currency or gross < source.net:
            wrong.append(f"it credits {-gross}, and {-source.net} was refunded")
        terms = self.judge.terms
        if note.date not in terms.allowed(source.date) | days_sent(link, {source.date}, terms):
            wrong.append(f"its day is {note.date} instead of {source.date}")
        return wrong

    def _lost_notes(self) -> None:
        """Notes that the log knows and the target has no longer."""
        for refund, source in self.purse.source.items():
            link = self.judge.lore.links.get(SourceRef(Kind.CREDIT_NOTE, f"R{refund}"))
            if (
                not link
                or refund in self.documents.notes
                or source.date not in self.judge.terms.days
            ):
                continue
            payload = link.payload
            lost = payload.net + payload.tax if payload and payload.net and payload.tax else None
            what = f"it was booked as document {link.target.id} and is not in the target any more"
            verdict = Verdict(Standing.ONLY_SOURCE, "", what, "find out who deleted it and why")
            item = self.judge.item(source, verdict, kind=ItemKind.CREDIT_NOTE)
            self.documents.items.append(replace(item, billed=lost or source.net))


_DOUBLE_NOTE = Verdict(
    Standing.ONLY_TARGET,
    "possible_duplicate",
    "another credit note carries the same key: a duplicate",
    "look at both in the target and delete the one that should not be there",
)
