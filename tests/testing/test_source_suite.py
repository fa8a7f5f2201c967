"""The source suite can fail: each source here breaks one promise, and the test of it says so."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from bridge.api import (
    Checkpoint,
    Gone,
    Header,
    Invoice,
    Missing,
    SourceRef,
    Transaction,
    TransientError,
    invoice_ref,
)
from bridge.testing.builders import DAY, a_client, an_invoice, gbp
from bridge.testing.conformance.fixtures import SourceStand
from bridge.testing.memory.known import MemoryKnown
from bridge.testing.memory.source import MemoryBilling, MemorySource
from bridge.testing.source_suite import NORMAL, SourceSuite, headers

BREAKS = (AssertionError, ValueError, KeyError, pytest.fail.Exception)
_ticks = itertools.count()


class NoLastCheckpoint(MemorySource):
    def scan(self, *arguments: Any) -> Iterator[Header | Gone | Checkpoint]:
        yield from list(super().scan(*arguments))[:-1]
        yield Gone(invoice_ref(1), "no")


class CheckpointTooEarly(MemorySource):
    """The page's checkpoint comes before the last header of the page."""

    def scan(self, *arguments: Any) -> Iterator[Header | Gone | Checkpoint]:
        items = list(super().scan(*arguments))
        for at, item in enumerate(items[:-1]):
            if isinstance(item, Checkpoint) and at:
                items[at - 1], items[at] = items[at], items[at - 1]
        yield from items


class ChangingFingerprints(MemorySource):
    def scan(self, *arguments: Any) -> Iterator[Header | Gone | Checkpoint]:
        for item in super().scan(*arguments):
            if isinstance(item, Header):
                yield replace(item, fingerprint=f"{next(_ticks)}")
            else:
                yield item


class NeverGone(MemorySource):
    def scan(self, *arguments: Any) -> Iterator[Header | Gone | Checkpoint]:
        yield from (item for item in super().scan(*arguments) if not isinstance(item, Gone))


class BlindToChanges(MemorySource):
    """Takes every invoice that is known for unchanged."""

    def scan(self, cursor: Any, known: Any, policy: Any) -> Iterator[Header | Gone | Checkpoint]:
        for item in super().scan(cursor, known, policy):
            if not isinstance(item, Header) or item.ref not in known.seen([item.ref]):
                yield item


class OwnOrder(MemorySource):
    def invoices(self, refs: Sequence[SourceRef]) -> Iterator[Invoice | Missing]:
        yield from super().invoices(sorted(refs, key=lambda ref: ref.id))


class LeavesOutTheMissing(MemorySource):
    def invoices(self, refs: Sequence[SourceRef]) -> Iterator[Invoice | Missing]:
        yield from (row for row in super().invoices(refs) if isinstance(row, Invoice))


class LostMeansGone(MemorySource):
    def invoices(self, refs: Sequence[SourceRef]) -> Iterator[Invoice | Missing]:
        try:
            yield from super().invoices(refs)
        except TransientError:
            yield from (Missing(ref, "no such invoice", gone=True) for ref in refs)


class LostMeansEmpty(MemorySource):
    def transactions(self, clients: Sequence[SourceRef]) -> Iterator[Transaction]:
        try:
            yield from super().transactions(clients)
        except TransientError:
            return


class OffByAPenny(MemorySource):
    def invoices(self, refs: Sequence[SourceRef]) -> Iterator[Invoice | Missing]:
        for row in super().invoices(refs):
            if isinstance(row, Invoice):
                yield replace(row, net=row.net + gbp("0.01"))


class ForgetsRecords(MemorySource):
    def records(self, days: Any) -> Iterator[Any]:
        yield from list(super().records(days))[1:]


def a_stand(kind: type[MemorySource]) -> SourceStand:
    billing = MemoryBilling(a_client(), *(an_invoice(number) for number in range(501, 520)))

    def change() -> SourceRef:
        billing.put(an_invoice(505, net=gbp("1.00")))
        return invoice_ref(505)

    def delete() -> SourceRef:
        billing.remove(invoice_ref(510))
        return invoice_ref(510)

    return SourceStand(
        open=lambda: kind(billing, page_size=4),
        misbehave=billing.misbehave,
        change=change,
        delete=delete,
    )


@pytest.mark.parametrize(
    ("kind", "test", "extra"),
    [
        (NoLastCheckpoint, "test_a_scan_ends_with_a_checkpoint", {}),
        (CheckpointTooEarly, "test_a_scan_goes_on_from_every_checkpoint", {}),
        (ChangingFingerprints, "test_scanning_twice_gives_equal_headers", {}),
        (ChangingFingerprints, "test_a_scan_after_nothing_happened_finds_nothing", {}),
        (NeverGone, "test_an_invoice_that_was_deleted_is_reported_gone", {}),
        (BlindToChanges, "test_an_invoice_that_changed_is_found", {}),
        (OwnOrder, "test_invoices_are_answered_one_for_each_in_the_order_asked", {}),
        (LeavesOutTheMissing, "test_invoices_are_answered_one_for_each_in_the_order_asked", {}),
        (LostMeansGone, "test_a_failed_read_never_calls_an_invoice_gone", {"mode": "html"}),
        (
            LostMeansEmpty,
            "test_a_read_that_fails_is_transient_and_never_an_empty_answer",
            {"name": "transactions", "mode": "half_reply"},
        ),
        (OffByAPenny, "test_money_is_of_one_currency_and_adds_up", {}),
        (ForgetsRecords, "test_records_cover_every_document_and_payment", {}),
    ],
)
def test_a_source_that_breaks_a_promise_fails_its_test(
    kind: type[MemorySource], test: str, extra: dict[str, str]
) -> None:
    stand = a_stand(kind)
    with stand.open() as source:
        source.check()
        scanned = headers(source.scan(None, MemoryKnown(), NORMAL))
        invoices = [
            row
            for row in source.invoices([header.ref for header in scanned])
            if isinstance(row, Invoice)
        ]
        given = {"stand": stand, "source": source, "scanned": scanned, "invoices": invoices}
        run = getattr(SourceSuite(), test)
        with pytest.raises(BREAKS):
            run(**_wanted(run, {**given, **extra}))


def _wanted(run: Callable[..., object], given: dict[str, Any]) -> dict[str, Any]:
    names = run.__code__.co_varnames[: run.__code__.co_argcount]
    return {name: value for name, value in given.items() if name in names}


def test_the_known_of_the_kit_answers_as_a_log_does() -> None:
    """Counts, the newest, statuses in order, and what was booked, clients together."""
    known = MemoryKnown()
    stand = a_stand(MemorySource)
    with stand.open() as source:
        assert len(known.take(source.scan(None, known, NORMAL))) == 19
        assert known.take(source.scan(None, known, NORMAL)) == []
    assert known.counts() == {"Paid": 19}
    assert known.newest() == invoice_ref(519)
    assert next(known.refs("Paid")) == invoice_ref(501)
    known.read(an_invoice(505), booked=DAY)
    assert list(known.booked(DAY)) == [(an_invoice(505).client, invoice_ref(505))]
    assert known.seen([invoice_ref(505)])[invoice_ref(505)].money
