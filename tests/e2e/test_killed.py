"""A real `bridge sync` process is killed wherever it could be; each record stands once."""

import random
import time
from collections import Counter
from typing import Any

import pytest

from tests.commands import ForkServer, fork_server as the_fork_server

KILLED = -9
SHARES = 2  # the moments are dealt out to so many tests, which may run side by side
RANDOM_KILLS = 50
STRIDE = 5  # with several workers each so manyth moment is tried: those between are much alike


@pytest.fixture
def fork_server() -> ForkServer:
    """Starts `bridge` processes that die on time."""
    return the_fork_server()


def _story(rig: Any) -> list[str]:
    """A new client with two invoices, one paid in two parts, and a client that is adopted."""
    client = rig.new_client()
    first = rig.paid_invoice(client)
    lines = [{"type": "Hosting", "description": "Hosting", "amount": "50.00", "taxed": True}]
    second = int(rig.whmcs.do("create_invoice", client=client, lines=lines, date="2026-10-30"))
    for part, amount in enumerate(("20.00", "40.00")):
        rig.whmcs.do(
            "pay",
            invoice=second,
            amount=amount,
            gateway="stripe",
            transid=f"part_{part}",
            date="2026-10-30",
        )
    third = rig.paid_invoice(7)
    return [str(first), str(second), str(third)]


def _arguments(invoices: list[str]) -> list[str]:
    return ["sync", *(word for invoice in invoices for word in ("--invoice", invoice))]


def _until_quiet(fork_server: ForkServer, rig: Any, invoices: list[str]) -> None:
    for _ in range(10):
        code = fork_server.run(rig.place, *_arguments(invoices))["code"]
        if code == 0:
            return
        assert code == 4, f"bridge sync ended with {code}"
        time.sleep(0.1)
    pytest.fail("it never came to rest")


def _each_once(rig: Any, invoices: list[str], *, new: int = 1) -> None:
    documents, payments = rig.ours(), rig.payments()
    assert set(documents) == {f"WHMCS-{invoice}" for invoice in invoices}
    for invoice in invoices:
        document = documents[f"WHMCS-{invoice}"]
        (row,) = rig.whmcs.rows(f"SELECT total FROM tblinvoices WHERE id = {invoice}")
        assert f"{document.gross:.2f}" == f"{document.amount_paid:.2f}" == row["total"]
    rows = rig.whmcs.rows(
        f"SELECT id, invoiceid FROM tblaccounts WHERE invoiceid IN ({','.join(invoices)})"
    )
    assert set(payments) == {f"WHMCS-T{row['id']}/{row['invoiceid']}" for row in rows}
    keys = Counter(key for each in rig.books.customers() if (key := each.fields.get("ExtraText20")))
    assert set(keys.values()) == {1}
    codes = [each.code for each in rig.books.customers() if each.code.startswith("WHMCS")]
    assert len(codes) == new


@pytest.mark.timeout(300)
@pytest.mark.parametrize("share", range(SHARES))
def test_killed_at_every_boundary_of_every_step(
    fork_server: ForkServer, share: int, companies: Any
) -> None:
    """SIGKILL before and after each commit of the log, and before and after each remote write."""
    company, invoices = companies(_story)
    moments = fork_server.run(company.place, *_arguments(invoices), at=10**6)["passed"]
    _each_once(company, invoices)
    assert moments > 30
    for at in range(1 + share, moments + 1, SHARES):
        company, invoices = companies(_story)
        answer = fork_server.run(company.place, *_arguments(invoices), at=at)
        assert answer == {"code": KILLED, "passed": at}
        _until_quiet(fork_server, company, invoices)
        _each_once(company, invoices)


@pytest.mark.timeout(300)
def test_killed_at_every_boundary_of_an_undo_by_credit_notes(
    fork_server: ForkServer, rig: Any
) -> None:
    """Run again it goes on: one note, set against its invoice, and nothing is booked anew.

    A moment after one act finds what the moment before the next finds, so every other is tried.
    """
    rig.settings["sync"]["start_date"] = "2026-10-30"
    rig.file()
    client = rig.new_client()

    def booked() -> tuple[str, list[str]]:
        """An invoice that a bank feed is to pay, and what undoes the run that booked it."""
        invoice = str(rig.paid_invoice(client, gateway="banktransfer"))
        run = str(rig.sync(invoice).run.id)
        return invoice, ["undo", "--run", run, "--credit-notes", "--because", "x", "--yes"]

    invoice, undo = booked()
    moments = fork_server.run(rig.place, *undo, at=10**6)["passed"]
    assert moments > 10
    invoices = [invoice]
    for at in range(1, moments + 1, 2):
        invoice, undo = booked()
        invoices.append(invoice)
        assert fork_server.run(rig.place, *undo, at=at) == {"code": KILLED, "passed": at}
        assert fork_server.run(rig.place, *undo)["code"] == 0, at
    assert fork_server.run(rig.place, *undo)["code"] == 0  # there is nothing left to do
    rig.sync()
    documents = rig.ours()
    for invoice in invoices:
        document, note = documents[f"WHMCS-{invoice}"], documents[f"WHMCS-{invoice}/reversed"]
        assert note.gross == -document.gross == note.amount_paid == -document.amount_paid
        assert f"WHMCS-{invoice}/2" not in documents


@pytest.mark.timeout(300)
def test_killed_at_every_boundary_of_an_undo_that_removes(
    fork_server: ForkServer, rig: Any
) -> None:
    """Run again it goes on until nothing is left, and nothing is booked anew."""
    client = rig.new_client()
    rig.sync(rig.paid_invoice(client))
    kept = set(rig.ours())
    undone: set[str] = set()

    def booked() -> list[str]:
        """What undoes the run that booked one more paid invoice."""
        invoice = rig.paid_invoice(client)
        undone.add(f"WHMCS-{invoice}")
        run = str(rig.sync(invoice).run.id)
        assert f"WHMCS-{invoice}" in rig.ours()
        return ["undo", "--run", run, "--because", "x", "--yes"]

    undo = booked()
    moments = fork_server.run(rig.place, *undo, at=10**6)["passed"]
    assert moments > 10
    for at in range(1, moments + 1, 2):
        undo = booked()
        assert fork_server.run(rig.place, *undo, at=at) == {"code": KILLED, "passed": at}
        assert fork_server.run(rig.place, *undo)["code"] == 0, at
        assert set(rig.ours()) == kept
        assert len(rig.payments()) == len(kept)
    rig.sync()
    assert undone.isdisjoint(rig.ours())


def _crowd(rig: Any) -> list[str]:
    """Work for four workers at once."""
    rig.settings["sync"]["workers"] = 4
    rig.file()
    return [*_story(rig), *(str(rig.paid_invoice(number)) for number in (4, 5, 6))]


@pytest.mark.timeout(300)
def test_killed_at_any_boundary_while_four_workers_share_commits(
    fork_server: ForkServer, companies: Any
) -> None:
    """In the middle of a group too: each worker's step is on disk or is not, whole."""
    company, invoices = companies(_crowd)
    moments = fork_server.run(company.place, *_arguments(invoices), at=10**6)["passed"]
    _each_once(company, invoices, new=4)
    # A group is as large as the workers' luck, so the same work has now more moments, now fewer.
    killed = 0
    for at in range(1, moments, STRIDE):
        company, invoices = companies(_crowd)
        answer = fork_server.run(company.place, *_arguments(invoices), at=at)
        assert answer["code"] == KILLED or (answer["code"] == 0 and answer["passed"] < at)
        killed += answer["code"] == KILLED
        _until_quiet(fork_server, company, invoices)
        _each_once(company, invoices, new=4)
    assert killed > 10


def _undisturbed_s(fork_server: ForkServer, companies: Any) -> float:
    """How long a run takes here and now; the quickest of three."""
    took = []
    for _ in range(3):
        company, invoices = companies(_story)
        began = time.monotonic()
        assert fork_server.run(company.place, *_arguments(invoices))["code"] == 0
        took.append(time.monotonic() - began)
    return min(took)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("share", range(SHARES))
def test_killed_at_random_moments(fork_server: ForkServer, share: int, companies: Any) -> None:
    """Fifty of them, from a seed; several kills in a row now and then."""
    choose = random.Random(20260401 + share)
    took = _undisturbed_s(fork_server, companies)
    killed = 0
    for _ in range(RANDOM_KILLS // SHARES + 1):
        company, invoices = companies(_story)
        for _ in range(choose.choice((1, 1, 2))):
            answer = fork_server.run(
                company.place, *_arguments(invoices), after_s=took * choose.uniform(0.02, 1.1)
            )
            killed += answer["code"] == KILLED
        _until_quiet(fork_server, company, invoices)
        _each_once(company, invoices)
    assert killed > RANDOM_KILLS // SHARES // 2
