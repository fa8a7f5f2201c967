"""All that is to be written for an invoice is written down in one commit, before its first call."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from bridge.api import EntryState, Report, TargetRef, invoice_ref
from bridge.engine.context import CancelToken, Connections
from bridge.model.run import StepState
from bridge.store import open_log
from bridge.store.tables.values import Action, Conclude, Intend, StepRow, Write
from bridge.testing.builders import DAY, a_client, a_transaction, an_invoice, gbp
from bridge.testing.faults import Died, Fault
from bridge.testing.memory.books import MemoryBooks
from bridge.testing.memory.source import MemoryBilling, MemorySource
from bridge.testing.memory.target import MemoryTarget
from tests.engine.run_engine import POLICY, run_between

MORNING = dt.datetime(2026, 5, 4, 6, 0, tzinfo=dt.UTC)
PARTS = {"901": gbp("20.00"), "902": gbp("100.00")}


class SlowTarget(MemoryTarget):
    """Whatever is done while it makes a document: time passes, a person stops the run."""

    meanwhile: Callable[[], None] = staticmethod(lambda: None)

    @override
    def create_invoice(self, *arguments: Any, **others: Any) -> TargetRef:
        self.meanwhile()
        return super().create_invoice(*arguments, **others)


@dataclass
class Office:
    """A client with invoices that were paid in two parts, and runs at a time of its own."""

    place: Path
    now: dt.datetime = MORNING
    billing: MemoryBilling = field(default_factory=lambda: MemoryBilling(a_client()))
    books: MemoryBooks = field(default_factory=MemoryBooks)
    stop: CancelToken = field(default_factory=CancelToken)
    committed: list[Sequence[Write]] = field(default_factory=list)

    def bill(self, number: int = 501) -> None:
        parts = [
            a_transaction(int(f"{number}{part}"), invoice=number, money_in=amount, date=DAY)
            for part, amount in PARTS.items()
        ]
        self.billing.put(an_invoice(number, transactions=parts))

    def run(self, meanwhile: Callable[[], None] = lambda: None) -> Report:
        self.stop = CancelToken()
        with closing(open_log("sqlite:///log.db", "kit", base=self.place)) as log:
            log.migrate()
            write = log.write

            def watched(run: Any, writes: Sequence[Write], *, lease: Any) -> None:
                write(run, writes, lease=lease)
                self.committed.append(writes)

            log.write = watched  # type: ignore[method-assign]
            with SlowTarget(self.books) as target, MemorySource(self.billing) as source:
                target.meanwhile = meanwhile
                ends = Connections(source, target)
                return run_between(ends, log, stop=self.stop, clock=lambda: self.now)

    def later(self, seconds: float) -> None:
        self.now += dt.timedelta(seconds=seconds)

    def intents(self) -> list[list[str]]:
        """The records whose intents each commit held, since this was last asked."""
        found = [
            [str(write.step.ref) for write in writes if isinstance(write, Intend)]
            for writes in self.committed
        ]
        self.committed.clear()
        return [refs for refs in found if refs]

    def state(self) -> EntryState:
        with closing(open_log("sqlite:///log.db", "kit", base=self.place)) as log:
            entry = log.entry(invoice_ref(501))
        assert entry
        return entry.state

    def steps(self) -> list[StepRow]:
        with closing(open_log("sqlite:///log.db", "kit", base=self.place)) as log:
            return [step for step in log.steps() if step.action is Action.CREATE]

    def stands(self) -> dict[str, list[str]]:
        """By document, the payments on it."""
        return {
            document.reference.split(" ")[0]: sorted(
                payment.note.split(" ")[0] for payment in self.books.target_payments(number)
            )
            for number, document in self.books.documents.items()
        }


BOOKED = {"MEM-501": ["MEM-T501901/501", "MEM-T501902/501"]}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    made.bill()
    yield made
    made.later(86_400)
    for _ in range(3):
        made.run()
    assert made.state() is EntryState.DONE
    assert {name: paid for name, paid in made.stands().items() if name == "MEM-501"} == BOOKED
    assert not [step for step in made.steps() if step.state in {"intended", "unknown"}]


def _die_at(office: Office, name: str, mode: str, nth: int = 1) -> None:
    office.books.faults.append(Fault(name, mode, nth))
    with pytest.raises(Died):
        office.run()


def test_an_invoice_with_all_its_payments_waits_for_the_disk_once(office: Office) -> None:
    office.run()
    office.intents()
    for number in (502, 503):
        office.bill(number)
    office.run()
    assert office.intents() == [
        [f"invoice {number}", f"payment T{number}901/{number}", f"payment T{number}902/{number}"]
        for number in (502, 503)
    ]


def test_each_step_tells_when_it_was_sent_and_what_it_stands_on(office: Office) -> None:
    office.run(lambda: office.later(3))
    _, document, *payments = office.steps()
    assert document.intended == MORNING
    assert document.finished == MORNING + dt.timedelta(seconds=3)
    assert [payment.intended for payment in payments] == [document.finished] * 2
    assert [payment.parent for payment in payments] == [document.target] * 2


def test_an_intent_that_has_waited_for_long_is_written_down_anew(office: Office) -> None:
    """So that it bounds when its payment was sent, should the process die over it."""
    office.run(lambda: office.later(11))
    renewed = [
        [
            write.sent
            for write in writes
            if isinstance(write, Conclude) and write.state == "intended"
        ]
        for writes in office.committed
    ]
    assert [times for times in renewed if times] == [[office.now], [office.now]]
    assert [step.state for step in office.steps()] == [StepState.DONE] * 4


@pytest.mark.parametrize("mode", ["refuse", "cut_before", "lost_reply", "unsent", "access"])
def test_what_follows_a_document_that_was_not_made_is_known_not_to_be_sent(
    office: Office, mode: str
) -> None:
    office.books.faults.append(Fault("create_invoice", mode, 1, times=9))
    office.run()
    payments = [step for step in office.steps() if step.ref.kind == "payment"]
    assert [step.state for step in payments[:2]] == [StepState.REFUSED] * 2
    assert all(step.error.startswith("not sent") for step in payments[:2])
    office.books.faults.clear()


def test_what_a_stop_leaves_unsent_is_known_not_to_be_sent(office: Office) -> None:
    def stop() -> None:
        office.stop.requested = True

    office.run(stop)
    _, document, *payments = office.steps()
    assert document.state is StepState.DONE
    assert [step.state for step in payments] == [StepState.REFUSED] * 2
    assert office.stands() == {"MEM-501": []}


def test_a_payment_that_was_sent_before_the_process_died_is_found_on_its_document(
    office: Office,
) -> None:
    """Neither it nor its document has an outcome in the log."""
    _die_at(office, "create_payment", "die_after", 2)
    assert office.stands() == BOOKED
    written = dict(office.books.payments)
    office.run()
    assert office.books.payments == written
    assert [step.parent for step in office.steps()[2:]] == [office.steps()[1].target] * 2


def test_a_payment_that_comes_late_is_waited_for_as_if_it_was_sent_at_the_last_moment(
    office: Office,
) -> None:
    """When it was sent nobody wrote down: its intent was good for ten seconds."""
    _die_at(office, "create_payment", "die_before")
    office.later(POLICY.settle_delay_s + 9)
    office.run()
    assert office.state() is EntryState.UNKNOWN
    (document,) = office.books.documents
    assert office.stands() == {"MEM-501": []}
    late = {"amount": gbp("20.00"), "date": DAY, "note": "MEM-T501901/501", "account": "1200"}
    office.books.add_payment(document, **late)  # type: ignore[arg-type]
    office.later(2)
    office.run()
    assert office.stands() == BOOKED


def test_a_payment_that_was_sent_long_after_its_intent_is_waited_for_from_then_on(
    office: Office,
) -> None:
    office.books.faults.append(Fault("create_payment", "die_before"))
    with pytest.raises(Died):
        office.run(lambda: office.later(50))
    office.later(POLICY.settle_delay_s + 9)
    assert office.run().exit_code == 4
    assert office.state() is EntryState.UNKNOWN
    assert office.stands() == {"MEM-501": []}


@pytest.mark.parametrize("mode", ["die_before", "die_after"])
def test_payments_wait_for_their_document_to_be_found_out_about(office: Office, mode: str) -> None:
    _die_at(office, "create_invoice", mode)
    office.later(POLICY.settle_delay_s / 2)
    office.run()
    assert office.state() is EntryState.UNKNOWN
    office.later(POLICY.settle_delay_s)
    office.run()
    assert office.stands() == BOOKED


def test_what_died_ten_seconds_ago_is_not_started_over_the_earlier_for_being_looked_at(
    office: Office,
) -> None:
    """A look that finds nothing is written down, and does not shorten the wait."""
    _die_at(office, "create_invoice", "die_before")
    for seconds in (60, 60, 9):
        office.later(seconds)
        office.run()
        assert office.state() is EntryState.UNKNOWN
    office.later(2)
    office.run()
    assert office.stands() == BOOKED
