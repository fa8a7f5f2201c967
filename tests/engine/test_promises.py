"""Source changes, faults, crashes and runs in any order: the promises hold (a state machine)."""

import contextlib
import datetime as dt
import tempfile
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from bridge.api import EntryState, Invoice, InvoiceState, client_ref
from bridge.engine.context import (
    CancelToken,
    Connections,
    NoProgress,
    Policy,
    SyncRequest,
    UnpaidDocuments,
)
from bridge.engine.run.sync import sync
from bridge.store import open_log
from bridge.testing.builders import DAY, a_client, a_line, a_transaction, an_invoice, gbp
from bridge.testing.conformance.simulation import NullObservers
from bridge.testing.faults import Died, Fault
from bridge.testing.memory.books import MemoryBooks
from bridge.testing.memory.source import MemoryBilling, MemorySource
from bridge.testing.memory.target import MemoryTarget

POLICY = Policy(
    start_date=dt.date(2026, 4, 1), unpaid_documents=UnpaidDocuments.PROFORMA, retries=99
)
WRITES = ("create_client", "update_client", "create_invoice", "create_payment")
READS = ("documents", "find_invoice", "find_payment", "clients", "payments")
MODES = (
    "cut_before",
    "lost_reply",
    "half_reply",
    "http_500",
    "http_500_after",
    "http_503",
    "refuse",
    "unsent",
    "access",
    "die_before",
    "die_after",
)


class Promises(RuleBasedStateMachine):
    """A company that lives on while its bridge is disturbed."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.place = Path(self.directory.name)
        self.billing = MemoryBilling()
        self.books = MemoryBooks()
        self.now = dt.datetime(2026, 5, 4, 6, 0, tzinfo=dt.UTC)
        self.clients = 0
        self.invoices: dict[int, Invoice] = {}
        self.kept: list[bytes] = []

    # The source lives ------------------------------------------------------------------------

    @rule()
    def a_client_comes(self) -> None:
        self.clients += 1
        self.billing.put(a_client(self.clients, company=f"Company {self.clients} Ltd"))

    @precondition(lambda self: self.clients)
    @rule(
        which=st.integers(0, 99),
        pence=st.integers(1, 10**6),
        parts=st.integers(1, 3),
        days=st.integers(0, 20),
    )
    def an_invoice_is_paid(self, which: int, pence: int, parts: int, days: int) -> None:
        number = 501 + len(self.invoices)
        client = 1 + which % self.clients
        day = DAY + dt.timedelta(days=days)
        net = gbp(f"{pence // 100}.{pence % 100:02}")
        invoice = an_invoice(number, client=client, issued=day, lines=[a_line(net)])
        whole = invoice.gross.minor_units()
        parts = min(parts, whole)
        shares = [whole // parts] * (parts - 1)
        shares.append(whole - sum(shares))
        rows = [
            a_transaction(
                number * 10 + index,
                client=client,
                invoice=number,
                date=day,
                money_in=gbp(f"{share // 100}.{share % 100:02}"),
            )
            for index, share in enumerate(shares)
        ]
        self._put(replace(invoice, transactions=tuple(rows)))

    @precondition(lambda self: self.clients)
    @rule(which=st.integers(0, 99))
    def a_proforma_is_issued(self, which: int) -> None:
        number = 501 + len(self.invoices)
        client = 1 + which % self.clients
        self._put(an_invoice(number, client=client, state=InvoiceState.OPEN, transactions=[]))

    @precondition(lambda self: self.invoices)
    @rule(which=st.integers(0, 99))
    def an_open_one_is_paid(self, which: int) -> None:
        open_ones = [one for one in self.invoices.values() if one.state is InvoiceState.OPEN]
        if open_ones:
            one = open_ones[which % len(open_ones)]
            number = int(one.ref.id)
            client = int(one.client.id)
            row = a_transaction(
                number * 10, client=client, invoice=number, money_in=one.gross, date=DAY
            )
            self._put(an_invoice(number, client=client, transactions=[row]))

    @precondition(lambda self: self.clients)
    @rule(which=st.integers(0, 99), street=st.integers(1, 99))
    def a_client_moves(self, which: int, street: int) -> None:
        number = 1 + which % self.clients
        company = f"Company {number} Ltd"
        self.billing.put(a_client(number, company=company, address=(f"{street} New Street",)))

    def _put(self, invoice: Invoice) -> None:
        """Its number looks like the key of the invoice before it."""
        invoice = replace(invoice, number=f"MEM-{int(invoice.ref.id) - 1}")
        self.invoices[int(invoice.ref.id)] = invoice
        self.billing.put(invoice)

    # Trouble ---------------------------------------------------------------------------------

    @rule(name=st.sampled_from(WRITES), mode=st.sampled_from(MODES), nth=st.integers(1, 3))
    def a_write_will_go_wrong(self, name: str, mode: str, nth: int) -> None:
        self.books.faults.append(Fault(name, mode, nth))

    @rule(name=st.sampled_from(READS), nth=st.integers(1, 2))
    def a_read_will_go_wrong(self, name: str, nth: int) -> None:
        self.books.faults.append(Fault(name, "cut_before", nth))

    @rule()
    def the_log_is_backed_up(self) -> None:
        file = self.place / "log.db"
        if file.exists():
            with closing(open_log("sqlite:///log.db", "kit", base=self.place)) as log:
                log.close()
            self.kept = [file.read_bytes()]

    @rule()
    def the_backup_is_restored(self) -> None:
        for content in self.kept:
            self._remove_log()
            (self.place / "log.db").write_bytes(content)

    @rule()
    def the_log_is_lost(self) -> None:
        self._remove_log()

    def _remove_log(self) -> None:
        for file in self.place.glob("log.db*"):
            file.unlink()

    # Runs ------------------------------------------------------------------------------------

    @rule(limit=st.integers(0, 3), workers=st.sampled_from((1, 4)))
    def a_run(self, limit: int, workers: int = 1) -> None:
        with contextlib.suppress(Died):
            self._run(limit, workers)

    def _run(self, limit: int, workers: int = 1) -> int:
        self.now += dt.timedelta(hours=30)  # so that what failed is due again
        with closing(open_log("sqlite:///log.db", "kit", base=self.place)) as log:
            log.migrate()
            with MemoryTarget(self.books) as target, MemorySource(self.billing) as source:
                report = sync(
                    Connections(source, target),
                    log,
                    run=log.start_run("sync", version="0", settings_digest=""),
                    lease=None,
                    policy=replace(POLICY, workers=workers),
                    request=SyncRequest(limit),
                    observers=NullObservers(),
                    progress=NoProgress(),
                    stop=CancelToken(),
                    clock=lambda: self.now,
                )
        return report.exit_code

    # The promises ----------------------------------------------------------------------------

    def teardown(self) -> None:
        """Left in peace, it comes to rest, and everything stands there exactly once."""
        try:
            self.books.faults.clear()
            codes = [self._run(0, workers) for workers in (4, 1, 4, 1, 4)]
            assert codes[-1] == 0, codes
            self._check()
        finally:
            self.directory.cleanup()

    def _check(self) -> None:
        paid = {
            number: one for number, one in self.invoices.items() if one.state is InvoiceState.PAID
        }
        documents = list(self.books.documents.values())
        references = Counter(each.reference.split(" ")[0] for each in documents)
        assert references == {f"MEM-{number}": 1 for number in paid}
        for each in documents:
            one = paid[int(each.reference.split(" ")[0].removeprefix("MEM-"))]
            assert (each.net, each.tax) == (one.net, one.tax)
        payments = Counter(each.note.split(" ")[0] for each in self.books.payments.values())
        assert payments == {
            f"MEM-T{row.id}/{number}": 1 for number, one in paid.items() for row in one.transactions
        }
        codes = Counter(each.fields["code"] for each in self.books.clients.values())
        wanted = {one.client for one in paid.values()}
        assert set(codes.values()) <= {1}
        assert set(codes) == {f"MEM{client_ref(ref.id).id}" for ref in wanted}
        with closing(open_log("sqlite:///log.db", "kit", base=self.place)) as log:
            states = {int(row.invoice.id): row.state for row in log.entries()}
        assert set(states) == set(self.invoices)
        for number, state in states.items():
            expected = EntryState.DONE if number in paid else EntryState.SKIPPED
            assert state is expected, (number, state)


TestPromises = Promises.TestCase
TestPromises.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def _company(invoices: int) -> Promises:
    company = Promises()
    company.a_client_comes()
    for number in range(invoices):
        company.an_invoice_is_paid(which=0, pence=10_000 + number, parts=2, days=number)
    return company


def test_a_log_restored_from_the_middle_of_a_sweep_makes_no_duplicates() -> None:
    """What the interrupted sweep saw is older than what was booked since."""
    company = _company(3)
    company.a_read_will_go_wrong(name="documents", nth=2)
    company.a_run(limit=0)
    company.the_log_is_backed_up()
    company.books.faults.clear()
    company.a_run(limit=0)
    company.the_backup_is_restored()
    company.teardown()


def test_a_log_restored_from_before_a_payment_does_not_pay_again() -> None:
    """The restored log knows the document and not its payments."""
    company = _company(1)
    company.a_write_will_go_wrong(name="create_payment", mode="access", nth=2)
    company.a_run(limit=0)
    company.the_log_is_backed_up()
    company.books.faults.clear()
    company.a_run(limit=0)
    company.the_backup_is_restored()
    company.teardown()
