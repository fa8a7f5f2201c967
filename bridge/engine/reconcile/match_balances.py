"""Balance that paid invoices, against what the source shows as their credit. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bridge.engine.reconcile.match_documents import MATCHED, Documents
from bridge.engine.reconcile.match_money import Judge, Purse
from bridge.engine.reconcile.tokens import invoice_id, key_of
from bridge.engine.reconcile.valuation import Wrong
from bridge.engine.reconcile.values import Item, ItemKind, Standing, Verdict
from bridge.model.money import Money, total
from bridge.model.target_records import Record, RecordClass


def match_uses(bills: Sequence[Record], documents: Documents, purse: Purse, judge: Judge) -> None:
    """Judge the balance used on each invoice. The money of mass payments must still be sorted."""
    _Uses(documents, purse, judge).all(bills)


@dataclass(slots=True)
class _Uses:
    documents: Documents
    purse: Purse
    judge: Judge

    def all(self, bills: Sequence[Record]) -> None:
        """Balance that paid invoices: what no mass payment's money explains of their credit."""
        named = {each for row in bills for each in row.settles}
        for bill in bills:
            number = invoice_id(bill.token, self.judge.terms.label)
            uses = self.purse.uses.pop(number, [])
            if not uses and (not bill.credit or bill.record_class is not RecordClass.INVOICE):
                continue
            zero = Money.zero(bill.net.currency)
            used = replace(
                bill,
                record_class=RecordClass.PAYMENT,
                net=(bill.credit or zero) - self._by_settlements(number, zero),
                tax=zero,
                date=self.judge.terms.due_day(bill),
                document=bill.token,
            )
            if not uses and (not used.net or bill.token in named):
                continue
            days = self.judge.terms.days
            if used.date in days or any(row.date in days for row in uses):
                self.documents.items.extend(self._use(used, uses))

    def _use(self, used: Record, uses: Sequence[Record]) -> list[Item]:
        if not uses:
            number = invoice_id(used.token, self.judge.terms.label)
            told = self.judge.of_invoice(number)
            verdict = told or Verdict(
                Standing.ONLY_SOURCE,
                "",
                "it was paid from the client's balance, and the books do not show that",
                "`bridge explain` the invoice",
            )
            return [self.judge.item(used, verdict, kind=ItemKind.BALANCE_USE)]
        value = self.judge.worth(uses, used)
        if isinstance(value, Wrong):
            verdict, booked = _difference(value.why), None
        else:
            why = f"{value} of balance is booked on it instead of {used.net}"
            verdict, booked = (MATCHED if value == used.net else _difference(why)), value
        return [self.judge.item(used, verdict, uses, kind=ItemKind.BALANCE_USE, booked=booked)]

    def _by_settlements(self, number: str, zero: Money) -> Money:
        """What of an invoice's credit came as money through invoices that only pay others."""
        found = []
        for transaction, rows in self.purse.shares.items():
            source = self.purse.source.get(transaction)
            if source is None or invoice_id(source.document, self.judge.terms.label) not in (
                self.judge.settles
            ):
                continue
            mine = [
                row for row in rows if key_of(row.token, self.judge.terms.label).document == number
            ]
            value = self.judge.worth(mine, source) if mine else zero
            if isinstance(value, Money) and value.currency == zero.currency:
                found.append(value)
        return total(found, zero.currency)


def _difference(why: str) -> Verdict:
    return Verdict(Standing.DIFFERS, "", why, "`bridge explain` the invoice")
