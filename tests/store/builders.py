"""Values to fill a sync log with, and a second process to do it in."""

import datetime as dt
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from bridge.api import (
    EntryState,
    Header,
    InvoiceState,
    Json,
    Kind,
    Money,
    Payload,
    Run,
    SourceRef,
    TargetRef,
    client_ref,
    invoice_ref,
)
from bridge.model.run import StepState
from bridge.store import open_log
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import (
    Action,
    Conclude,
    EntryRow,
    Intend,
    LinkRow,
    PutLink,
    SetEntry,
    StepRow,
)

CANARY = "c4n4ry-p455"
NOW = dt.datetime(2026, 5, 1, 9, 30, 0, 123456, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a test's sync log is: a database that others use too, and a name of its own."""

    url: str
    name: str
    base: Path

    def open(self, *, create: bool = True) -> SyncLog:
        return open_log(self.url, self.name, base=self.base, create=create)


def gbp(amount: str) -> Money:
    return Money(Decimal(amount), "GBP")


def header(
    number: int | str,
    *,
    fingerprint: str | None = "first",
    paid: dt.date | None = dt.date(2026, 4, 10),
    issued: dt.date | None = dt.date(2026, 4, 1),
    status: str = "Paid",
    client: int | str = 7,
    gross: str = "120.00",
    currency: str = "GBP",
) -> Header:
    return Header(
        ref=invoice_ref(number),
        client=client_ref(client),
        number=f"INV-2026-{number}",
        state=InvoiceState.PAID if status == "Paid" else InvoiceState.OPEN,
        status=status,
        issued=issued,
        paid_on=paid,
        gross=Money(Decimal(gross), currency),
        fingerprint=fingerprint,
    )


def payload(kind: Kind = Kind.INVOICE, body: Mapping[str, Json] | None = None) -> Payload:
    return Payload(
        kind=kind.value,
        body={"CustomerReference": "WHMCS-501"} if body is None else body,
        reference="WHMCS-501 INV-2026-501",
        date=dt.date(2026, 4, 10),
        net=gbp("100.00"),
        tax=gbp("20.00"),
    )


def a_step(
    log: SyncLog,
    run: Run,
    ref: SourceRef,
    *,
    invoice: SourceRef | None = None,
    action: Action = Action.CREATE,
    state: StepState = StepState.INTENDED,
) -> StepRow:
    return StepRow(
        id=log.next_step_id(run),
        run=run.id,
        invoice=invoice or ref,
        ref=ref,
        action=action,
        state=state,
        payload=payload(ref.kind),
        parent=None,
        target=None,
        error="",
        intended=NOW,
        finished=None,
    )


def a_link(ref: SourceRef, target: TargetRef, *, created: dt.datetime = NOW) -> LinkRow:
    return LinkRow(
        ref=ref,
        target=target,
        payload=payload(ref.kind),
        adopted=False,
        day=dt.date(2026, 4, 10),
        client=TargetRef(Kind.CLIENT, "3001"),
        run=1,
        created=created,
    )


def begin(log: SyncLog) -> Run:
    return log.start_run("sync", version="0.1.0", settings_digest="abc")


def book(log: SyncLog, run: Run, number: int, *, created: dt.datetime = NOW) -> None:
    """Make an entry that was seen a done one, as the engine does."""
    ref = invoice_ref(number)
    target = TargetRef(Kind.INVOICE, f"9{number}")
    step = a_step(log, run, ref)
    log.write(run, [Intend(step)], lease=None)
    log.write(
        run,
        [
            Conclude(step.id, StepState.DONE, target),
            PutLink(a_link(ref, target, created=created)),
            SetEntry(ref, EntryState.DONE, content_fingerprint="booked", target=target.id),
        ],
        lease=None,
    )


def the_entry(log: SyncLog, number: int) -> EntryRow:
    entry = log.entry(invoice_ref(number))
    assert entry is not None
    return entry


def python(code: str, *arguments: str) -> subprocess.Popen[str]:
    """A second process that runs `code`; it writes lines and is told to go on by lines."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def line_of(process: subprocess.Popen[str]) -> str:
    """The next line that it wrote; its error when it wrote none."""
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if not line:
        _, error = process.communicate(timeout=20)
        raise AssertionError(error)
    return line


def finish(process: subprocess.Popen[str], *, kill: bool = False) -> int:
    """Wait for its end, and close its pipes."""
    if kill:
        process.kill()
    process.communicate(timeout=60)
    return process.returncode


def no_canary(error: BaseException) -> None:
    """Fail if it is in the error, or in what a traceback of it would show."""
    seen: BaseException | None = error
    while seen is not None:
        assert CANARY not in f"{seen} {seen!r} {getattr(seen, 'remedy', '')}"
        seen = seen.__cause__ or seen.__context__
